/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#define CONTACT_MAX 200u

char *site_contact(struct conf *map, struct findings *f)
{
	struct conf *node = conf_want(map, "contact", CONF_SCALAR, f);
	bool bad = node && (!node->text.n || node->text.n > CONTACT_MAX);

	if (!node)
		return NULL;
	for (size_t i = 0; i < node->text.n; i++)
		bad |= (unsigned char)node->text.p[i] < ' ' || node->text.p[i] == 0x7f;
	if (bad)
		conf_report(f, node, E_SITE_CONTACT, "name=%.*s\nmax=%u", SPAN_F(map->key), CONTACT_MAX);
	return bad ? NULL : mem_text(node->text);
}

void site_expect(struct conf *map, struct expect *ret, struct findings *f)
{
	struct conf *node = conf_want(map, "expect", CONF_SCALAR, f);

	if (node && expect_read(node->text, ret) != 0)
		conf_report(f, node, E_SITE_EXPECT, "text=%.*s", SPAN_F(node->text));
}
