/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "site.h"

/* Who changes the store would find its anchor beside it. */
static bool lies_in_bus(const struct site *s, const char *anchor)
{
	char *folder = site_bus_folder(s);
	size_t n = folder ? strlen(folder) : 0;
	bool inside = folder && strncmp(anchor, folder, n) == 0 && anchor[n] == '/';

	free(folder);
	return inside;
}

void site_audit(struct site *s, struct conf *root, struct findings *f)
{
	struct conf *node = conf_want(root, "audit", CONF_MAP, f), *anchor;

	if (!node)
		return;
	s->audit.hash = conf_choice(node, "hash", "sha256|sm3", 0, f) == 1 ? AUDIT_SM3 : AUDIT_SHA256;
	anchor = conf_want(node, "anchor", CONF_SCALAR, f);
	conf_unknown(node, f);
	if (!anchor)
		return;
	s->anchor = site_path(s, anchor->text);
	s->audit.anchor = s->anchor;
	if (lies_in_bus(s, s->anchor))
		conf_report(f, anchor, E_SITE_ANCHOR, "file=%s", s->anchor);
}
