/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TEXTS_H
#define JC_TEXTS_H

#include "buf.h"

/* What is done to a text before anybody asks what it means. Blanks are those of both widths (U+3000) and tabs. */
struct span texts_trim(struct span t);
/* Two things in one cell, "602001 某单位": up to the first blank, and what stands behind it, without blanks around it
 * (absent when there is no blank). */
struct span texts_first(struct span t);
struct span texts_rest(struct span t);
/* Without any blank; in capitals (a to z only). The same span when there is nothing to do, else a copy in a. */
struct span texts_strip(struct span t, struct arena *a);
struct span texts_upper(struct span t, struct arena *a);
/* A figure that people wrote, such as 共4笔 or ￥1,234.50元: without blanks of both widths and without the words and signs
 * that stand before or behind it. What else is in it stays. */
struct span texts_figure(struct span t);
/* A date with a time behind it: true when nothing stands behind its n bytes, or a time of day does: 0930, 09:30:15,
 * T09:30:15.123+08:00, 093015123, and behind a blank 9:30. */
bool texts_time_follows(struct span t, size_t n);
/* The same of a number of days: a fraction may follow, .5 at noon. */
bool texts_fraction_follows(struct span t, size_t n);

#endif
