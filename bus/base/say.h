/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SAY_H
#define JC_SAY_H

#include "err.h"

/* The language in which the program speaks to a person: --lang, else LC_ALL, LC_MESSAGES, LANG; English when none
 * says zh. Set once by main. */
void say_set_lang(enum err_lang lang);
enum err_lang say_lang(void);
enum err_lang say_lang_from_env(void);
/* Picks one of two texts. */
const char *say(const char *zh, const char *en);

#endif
