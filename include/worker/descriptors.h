/* The descriptors that a worker takes over from its supervisor. */
#ifndef LC_WORKER_DESCRIPTORS_H
#define LC_WORKER_DESCRIPTORS_H

/* Closes every descriptor of the process but stdin, stdout, stderr, `channel` and the `count` ones
 * in `kept`, which may be in any order. */
void lc_descriptors_close_others(int channel, const int *kept, unsigned count);

#endif
