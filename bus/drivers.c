/* SPDX-License-Identifier: Apache-2.0 */
#include "bus_driver.h"

/* The only file that knows which drivers there are: a program that opens by driver does not link the others. */
const struct bus_driver *const bus_drivers[] = {&bus_embedded, &bus_kafka, NULL};

int bus_open(const struct bus_conf *c, enum bus_mode mode, struct bus **ret, struct err *e)
{
	struct span url = span_of(c->url);

	for (unsigned i = 0; bus_drivers[i]; i++) {
		struct span scheme = span_of(bus_drivers[i]->scheme);

		if (span_starts(url, scheme) && url.n > scheme.n && url.p[scheme.n] == ':')
			return bus_open_with(bus_drivers[i], c, mode, ret, e);
	}
	return err_set(e, E_BUS_URL, "url=%s", c->url ? c->url : "");
}
