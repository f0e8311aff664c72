#include "verbs.h"
int verb_test(const struct args *a) { (void)a; return 0; }
int verb_dead_list(const struct args *a) { (void)a; return 0; }
int verb_dead_show(const struct args *a) { (void)a; return 0; }
int verb_held_list(const struct args *a) { (void)a; return 0; }
int verb_held_show(const struct args *a) { (void)a; return 0; }
int verb_demo(const struct args *a) { (void)a; return 0; }
