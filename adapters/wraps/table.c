/* SPDX-License-Identifier: Apache-2.0 */
#include "wrap.h"

const struct wrap *const wrap_table[] = {
	&wrap_zip,
	&wrap_gz,
	&wrap_base64,
	&wrap_frame,
	NULL,
};
