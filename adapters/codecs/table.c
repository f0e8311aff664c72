/* SPDX-License-Identifier: Apache-2.0 */
#include "codec.h"

const struct codec *const codec_table[] = {
	&codec_delimited,
	&codec_fixed,
	&codec_dbf,
	&codec_json,
	&codec_xlsx,
	&codec_xml,
	NULL,
};

const struct codec *codec_by_name(struct span name)
{
	for (const struct codec *const *c = codec_table; *c; c++)
		if (span_is(name, (*c)->name))
			return *c;
	return NULL;
}
