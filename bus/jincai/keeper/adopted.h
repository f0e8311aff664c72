/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ADOPTED_H
#define JC_ADOPTED_H

#include <jansson.h>

#include "bus.h"
#include "items.h"

/*
 * What is in force, as the position "site/adopted" of the keeper says it:
 *
 *	{"items":{"form:payroll/pipe/batch":DIGEST, ...},
 *	 "next":[{"item":NAME,"digest":DIGEST,"from":"2026-12-01"}],    approved, and not in force before that day
 *	 "live":[NAME, ...],                                            money destinations that two people let go live
 *	 "ever":[NAME, ...]}                                            those that once were and no longer are; left out: none
 */
struct adopted {
	json_t *root;                        /* as in the position; NULL: nothing was adopted yet */
};

int adopted_read(struct bus *b, struct adopted *ret, struct err *e);
void adopted_done(struct adopted *a);
/* NULL: not adopted. */
const char *adopted_digest(const struct adopted *a, const char *item);
bool adopted_live(const struct adopted *a, const char *destination);
/* Why a money destination of a production site is off though its file says otherwise: nothing of it is consumed. */
enum adopted_off {
	ADOPTED_AS_SAID,             /* it is not: mode is what the file says */
	ADOPTED_NOT_LET,             /* live, and two people have not let it */
	ADOPTED_WAS_LIVE             /* shadow, and it was live: what comes would be consumed and never sent */
};
enum adopted_off adopted_off(const struct adopted *a, const struct site_destination *d);
/* Something was approved whose day has come. */
bool adopted_due(const struct adopted *a);
/* What the items say otherwise: [{"item","was","is"}], "" for what is not there; to be released. */
json_t *adopted_differences(const struct adopted *a, const struct items *i);
/* <bus>/adopted; to be freed. */
char *adopted_root(const struct bus *b);
/* Is the text one of the list's? */
bool adopted_has(const json_t *list, const char *text);

#endif
