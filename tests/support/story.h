/*
 * cmocka, which all tests are written for, and the includes that it asks for. A test that needs
 * something made for it is listed as STORY(name): the file's set_up makes it before the test, and
 * its tear_down frees it; as STORY_SET_UP(name) if there is nothing to free. Where many files need
 * the same, a world of its own has both.
 */
#ifndef LC_TESTS_SUPPORT_STORY_H
#define LC_TESTS_SUPPORT_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define STORY_SET_UP(name) cmocka_unit_test_setup(name, set_up)

#endif
