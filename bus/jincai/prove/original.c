/* SPDX-License-Identifier: Apache-2.0 */
#include "original.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "kept.h"

static int fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct original *o = (struct original *)in;
	ssize_t n;

	do
		n = read(o->fd, p, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, E_FILE_FAILED, o->path, errno);
	if (o->hash)
		hash_sha256_add(o->hash, p, (size_t)n);
	*ret_n = (size_t)n;
	return 0;
}

struct original original_open(const char *path, int flags)
{
	return (struct original){.input = {fill}, .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | flags)};
}

struct form *original_form(const struct site *s, struct bus *b, const struct site_adapter *a, const struct claim *claim,
	struct library **ret_library)
{
	struct buf kept = BUF_INIT, forms = BUF_INIT;
	struct form *ret;

	buf_printf(&kept, "%s/adopted", bus_folder(b));
	buf_printf(&forms, "%s/forms/%s", bus_folder(b), a->name);
	ret = kept_form_of(s->library, buf_text(&kept), buf_text(&forms), claim->form_digest, claim->tables, ret_library);
	buf_done(&kept);
	buf_done(&forms);
	return ret;
}
