/* SPDX-License-Identifier: Apache-2.0 */
#include "guard_place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "fsys.h"
#include "hash.h"

static void short_digest(struct span text, char ret[33])
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256(text.p, text.n, digest);
	hash_hex(&hex, digest, 16);
	snprintf(ret, 33, "%s", buf_text(&hex));
	buf_done(&hex);
}

/* The id itself is nobody's business: machine-id(5). A machine without one is like all that have none. */
static void machine_now(char ret[33])
{
	struct buf id = BUF_INIT;
	struct err ignored;

	buf_str(&id, "jincai ");
	if (fsys_get(AT_FDCWD, "/etc/machine-id", 4096, &id, &ignored) != 0)
		buf_str(&id, "-");
	short_digest(buf_as_span(&id), ret);
	buf_done(&id);
}

/* 0 where the file system does not tell. */
static uint64_t born_of(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, 0, STATX_BTIME, &st) != 0 || !(st.stx_mask & STATX_BTIME))
		return 0;
	return (uint64_t)st.stx_btime.tv_sec * 1000000000u + st.stx_btime.tv_nsec;
}

int guard_place_now(struct bus *b, struct guard_place *ret, struct err *e)
{
	struct buf text = BUF_INIT;
	struct stat st;
	int got;

	*ret = (struct guard_place){.where = ""};
	buf_str(&text, "cluster ");
	got = bus_cluster(b, &text, e);
	if (got == 1)
		short_digest(buf_as_span(&text), ret->where);
	buf_clear(&text);
	buf_printf(&text, "%s/data.mdb", bus_folder(b));
	if (got == 0 && stat(buf_text(&text), &st) != 0)
		got = err_sys(e, E_FILE_FAILED, buf_text(&text), errno);
	if (got == 0) {
		machine_now(ret->where);
		ret->device = (uint64_t)st.st_dev;
		ret->inode = (uint64_t)st.st_ino;
		ret->born = born_of(buf_text(&text));
	}
	buf_done(&text);
	return got < 0 ? -1 : 0;
}

int guard_place_other(struct bus *b, const struct guard_place *was, const struct guard_place *now, struct err *ret)
{
	if (strcmp(was->where, now->where) != 0 && bus_shared(b))
		err_set(ret, E_GUARD_CLUSTER, "%s", "");
	else if (strcmp(was->where, now->where) != 0)
		err_set(ret, E_GUARD_MOVED, "folder=%s", bus_folder(b));
	else if (was->device != now->device || was->inode != now->inode || (was->born && now->born && was->born != now->born))
		err_set(ret, E_GUARD_COPIED, "folder=%s", bus_folder(b));
	else
		return 0;
	return 1;
}
