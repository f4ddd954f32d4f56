/*
 * The forms of a log object's key: the values of consumer.key-format.
 *
 * LC_KEY_FORMAT(name, text)
 */
#ifndef LC_KEY_FORMAT
#define LC_KEY_FORMAT(name, text)
#endif

LC_KEY_FORMAT(SIMPLE, "simple")
LC_KEY_FORMAT(EVENT_TIME, "partitioned-event-time")
LC_KEY_FORMAT(DELIVERY_TIME, "partitioned-delivery-time")

#undef LC_KEY_FORMAT
