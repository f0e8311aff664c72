#include "verbs.h"
int verb_test(const struct args *a) { (void)a; return 0; }
int verb_demo(const struct args *a) { (void)a; return 0; }
