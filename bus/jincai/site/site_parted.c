/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include <stdio.h>

/* ---- destinations that gather by partition: a flow for each ---- */

void site_flow_name(const struct site_destination *d, unsigned partition, char ret[SHARES_NAME])
{
	if (d->parted)
		snprintf(ret, SHARES_NAME, "%s.p%u", d->name, partition);
	else
		snprintf(ret, SHARES_NAME, "%s", d->name);
}

unsigned site_nflows(const struct site *s, const struct site_destination *d)
{
	return d->parted ? s->partitions : 1;
}

const struct site_destination *site_destination_of(const struct site *s, struct span flow)
{
	unsigned part;

	for (unsigned i = 0; i < s->ndestinations; i++) {
		const struct site_destination *d = &s->destinations[i];

		if (d->parted ? shares_names(d->name, flow, &part) : span_is(flow, d->name))
			return d;
	}
	return NULL;
}

struct share site_share(const struct site *s, const struct site_destination *d, unsigned partition)
{
	const unsigned of = s->parts ? s->parts : 1;
	struct share share = {.of = of};

	if (d->parted && site_on_kafka(s)) {
		snprintf(share.whole, sizeof share.whole, "%s", d->name);
		share.part = partition;
		share.flows = s->partitions;
		share.chosen = d->shares == of;
	}
	return share;
}
