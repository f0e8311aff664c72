/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"
#include "zip.h"

/* Length of the character at p; a byte that begins none counts as one. */
static size_t step(const char *p, size_t n)
{
	uint32_t ignored;
	const size_t len = utf8_step(p, n, &ignored);

	return len ? len : 1;
}

bool zip_name_fits(const char *pattern, struct span name)
{
	const char *p = pattern, *star = NULL;
	size_t i = 0, behind = 0;        /* where the last `*` stands, and what it has taken up to */

	while (i < name.n) {
		if (*p == '*') {
			star = p++;
			behind = i;
		} else if (*p == '?' && name.p[i] != '/') {
			i += step(name.p + i, name.n - i);
			p++;
		} else if (*p && *p != '?' && *p == name.p[i]) {
			i++;
			p++;
		} else if (star && name.p[behind] != '/') {
			i = ++behind;
			p = star + 1;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}
