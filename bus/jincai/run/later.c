/* SPDX-License-Identifier: Apache-2.0 */
#include "later.h"

#include <unistd.h>

#include "log.h"

#define FIRST_MS 200u
#define MOST_DOUBLED 4u              /* 2 s, from the fifth on */
#define MOST_MS 2000u
#define LOOK_MS 100u
#define UNTIL_IDLE 3u

bool later_is(const struct err *e)
{
	return err_kind(e) == ERR_RETRY || e->id == E_BUS_UNKNOWN;
}

bool later_again(struct later *l, const struct err *e)
{
	const unsigned n = ++l->failures, ms = n > MOST_DOUBLED ? MOST_MS : FIRST_MS << (n - 1);

	if (!later_is(e) || (l->until_idle && n >= UNTIL_IDLE) || atomic_load(l->stop) == 1)
		return false;
	if ((n & (n - 1)) == 0)
		log_err(LOG_WARN, l->what, e, "try=%u wait_ms=%u", n, ms);
	for (unsigned waited = 0; waited < ms && atomic_load(l->stop) != 1; waited += LOOK_MS)
		usleep(LOOK_MS * 1000);
	return atomic_load(l->stop) != 1;
}
