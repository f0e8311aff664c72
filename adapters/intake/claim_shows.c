/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "claim.h"

static void add_sum(void *arg, const struct total_line *line)
{
	char amount[24];

	if (line->term == TOTAL_READ)
		json_array_append_new(arg, json_pack("{s:s,s:s}", "currency", line->currency, "amount",
			money_text(line->sum.plus + line->sum.minus, amount)));
}

json_t *claim_shows(const struct claim *c)
{
	json_t *sums = json_array();
	char count[24], suspected[24];

	totals_each(c->totals, add_sum, sums);
	snprintf(count, sizeof count, "%" PRIu64, c->records);
	snprintf(suspected, sizeof suspected, "%" PRIu64, c->suspected);
	return json_pack("{s:s,s:o,s:s,s:s%,s:s}", "count", count, "sums", sums, "suspected", suspected, "file",
		c->name.p, c->name.n, "what",
		"疑似重复付款，确应支付，整批放行 / suspected doubles that are meant: the whole batch goes");
}
