/* SPDX-License-Identifier: Apache-2.0 */
#include "drop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "claim.h"
#include "clock.h"
#include "fsys.h"
#include "utf8.h"

#define MARKER ".marker"
#define AGAIN "again"                /* in the spool, where the names of files begin with a number */
#define CHANGE_STEP_MS 2000
#define NAME_LONGEST 200u            /* bytes: the taken name has two numbers in front and may get .marker behind */

struct drop {
	char *folder, *spool;
	const struct form *form;
	int dir, taken_dir, spool_dir;
	struct slots slots;          /* for matching names */
	struct arena keep;
	struct buf name, marker;
	int64_t read_ms;             /* when .taken had changed last before it was read; 0: not known */
	char **refused;              /* names that were reported */
	unsigned nrefused;
};

int drop_open(const char *folder, const char *spool, const struct form *form, struct drop **ret, struct err *e)
{
	struct drop *d = mem_new(sizeof *d);
	struct stat here, there;

	*d = (struct drop){.folder = mem_text(span_of(folder)), .spool = mem_text(span_of(spool)), .form = form, .dir = -1,
		.taken_dir = -1, .spool_dir = -1};
	slots_init(&d->slots, names_count(form->names));
	if (fsys_open_dir(AT_FDCWD, folder, &d->dir, e) != 0 ||
		fsys_make_dir(d->dir, ".taken", &d->taken_dir, e) != 0 || fsys_make_path(spool, e) != 0 ||
		fsys_open_dir(AT_FDCWD, spool, &d->spool_dir, e) != 0)
		goto fail;
	if (faccessat(d->dir, ".", W_OK, AT_EACCESS) != 0) {
		err_sys(e, E_FILE_DENIED, folder, errno);
		goto fail;
	}
	if (fstat(d->dir, &here) != 0 || fstat(d->taken_dir, &there) != 0 || here.st_dev != there.st_dev) {
		err_set(e, E_DROP_OTHER_DEVICE, "file=%s/.taken", folder);
		goto fail;
	}
	*ret = d;
	return 0;
fail:
	drop_close(d);
	return -1;
}

void drop_close(struct drop *d)
{
	if (!d)
		return;
	if (d->dir >= 0)
		close(d->dir);
	if (d->taken_dir >= 0)
		close(d->taken_dir);
	if (d->spool_dir >= 0)
		close(d->spool_dir);
	for (unsigned i = 0; i < d->nrefused; i++)
		free(d->refused[i]);
	free(d->refused);
	slots_done(&d->slots);
	arena_done(&d->keep);
	buf_done(&d->name);
	buf_done(&d->marker);
	free(d->folder);
	free(d->spool);
	free(d);
}

const char *drop_name(const char *taken)
{
	const char *dash = strchr(taken, '-');

	dash = dash ? strchr(dash + 1, '-') : NULL;
	return dash ? dash + 1 : taken;
}

/* ---- finding ---- */

static void refuse(struct drop *d, const char *name, const struct err *why, void (*refused)(void *, const struct err *),
	void *arg)
{
	for (unsigned i = 0; i < d->nrefused; i++)
		if (strcmp(d->refused[i], name) == 0)
			return;
	d->refused = mem_grow(d->refused, d->nrefused + 1u, sizeof *d->refused);
	d->refused[d->nrefused++] = mem_text(span_of(name));
	if (refused)
		refused(arg, why);
}

static const char *what_is(mode_t mode)
{
	return S_ISLNK(mode) ? "link" : S_ISDIR(mode) ? "folder" : S_ISFIFO(mode) ? "pipe" : "special file";
}

/* A name becomes part of claims, ids and places, which are UTF-8 and show it to people. */
static bool name_ok(const char *name)
{
	uint32_t c;

	for (size_t n = strlen(name), len; n; name += len, n -= len) {
		len = utf8_step(name, n, &c);
		if (!len || c < ' ' || c == 0x7f || c == '"' || c == '\\')
			return false;
	}
	return true;
}

/* May this be taken? A file that we may not read would stop everything behind it once it is taken. */
static int look_at(struct drop *d, const char *name, const struct stat *st, struct err *e)
{
	if (!name_ok(name))
		return err_set(e, E_DROP_NAME, "file=%s", d->folder);
	if (strlen(name) > NAME_LONGEST)
		return err_set(e, E_DROP_LONG_NAME, "file=%s/%s", d->folder, name);
	if (!S_ISREG(st->st_mode))
		return err_set(e, E_DROP_NOT_REGULAR, "file=%s/%s\nwhat=%s", d->folder, name, what_is(st->st_mode));
	if (faccessat(d->dir, name, R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) != 0 && errno == EACCES) {
		err_set(e, E_DROP_DENIED, "file=%s/%s", d->folder, name);
		return -1;
	}
	return 0;
}

/* The name of the marker that goes with a file, in d->marker. It may hold parts of the file's name: they are matched anew,
 * for another file may have been looked at since. */
static bool marker_of(struct drop *d, const char *name)
{
	struct err ignored;

	arena_clear(&d->keep);
	buf_clear(&d->marker);
	if (!d->form->marker || pattern_match(d->form->file, span_of(name), &d->keep, &d->slots) != 1)
		return false;
	return pattern_make(d->form->marker, &d->slots, span_of(name), &d->marker, &ignored) == 0;
}

static bool complete(struct drop *d, const char *name)
{
	if (d->form->complete == COMPLETE_RENAME)
		return true;
	return marker_of(d, name) && fsys_exists(d->dir, buf_text(&d->marker));
}

int drop_find(struct drop *d, const char **ret, void (*refused)(void *arg, const struct err *why), void *arg,
	struct err *e)
{
	char **names;
	int found = 0;

	if (fsys_list(d->dir, ".", &names, e) != 0)
		return err_at(e, "%s", d->folder);
	for (unsigned i = 0; names[i] && !found; i++) {
		struct stat st;
		struct err why;

		arena_clear(&d->keep);
		if (names[i][0] == '.' || pattern_match(d->form->file, span_of(names[i]), &d->keep, &d->slots) != 1)
			continue;
		if (fstatat(d->dir, names[i], &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;    /* gone again */
		if (S_ISREG(st.st_mode) && !complete(d, names[i]))
			continue;
		if (look_at(d, names[i], &st, &why) != 0) {
			refuse(d, names[i], &why, refused, arg);
			continue;
		}
		buf_clear(&d->name);
		buf_str(&d->name, names[i]);
		*ret = buf_text(&d->name);
		found = 1;
	}
	fsys_list_free(names);
	return found;
}

/* ---- taking ---- */

static int sync_folders(struct drop *d, struct err *e)
{
	if (fsys_sync_dir(d->taken_dir, d->folder, e) != 0)
		return -1;
	return fsys_sync_dir(d->dir, d->folder, e);
}

/* The marker goes along after its file. A marker alone in the drop folder would make the next file of that name complete
 * before its time, so one whose file has been taken is not left behind. */
static int take_marker(struct drop *d, const char *taken, struct err *e)
{
	char to[300];

	if (d->form->complete != COMPLETE_MARKER || !marker_of(d, drop_name(taken)) ||
		!fsys_exists(d->dir, buf_text(&d->marker)) || fsys_exists(d->dir, drop_name(taken)))
		return 0;
	snprintf(to, sizeof to, "%s" MARKER, taken);
	if (fsys_exists(d->taken_dir, to))
		return 0;
	if (fsys_rename_new(d->dir, buf_text(&d->marker), d->taken_dir, to, buf_text(&d->marker), e) != 0)
		return e->id == E_FILE_MISSING ? 0 : -1;     /* taken back meanwhile: the file is ours already */
	return 0;
}

int drop_take(struct drop *d, const char *name, uint64_t generation, unsigned counter, char *ret_taken, struct err *e)
{
	int n = snprintf(ret_taken, 256, "%" PRIu64 "-%u-%s", generation, counter, name);

	if (n < 0 || n > 240)
		return err_set(e, E_DROP_LONG_NAME, "file=%s/%s", d->folder, name);
	if (fsys_rename_new(d->dir, name, d->taken_dir, ret_taken, name, e) != 0)
		return e->id == E_FILE_MISSING ? 1 : -1;
	return take_marker(d, ret_taken, e) != 0 ? -1 : sync_folders(d, e);
}

/* Somebody may put a file here by hand; what could never be claimed is none. */
static bool may_be_claimed(const struct drop *d, const char *name)
{
	struct stat st;

	return !span_ends(span_of(name), SPAN(MARKER)) && name_ok(name) &&
		fstatat(d->taken_dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static int64_t changed_ms(const struct drop *d)
{
	struct stat st;

	return fstat(d->taken_dir, &st) == 0 ? (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000 : 0;
}

bool drop_taken_changed(struct drop *d)
{
	return !d->read_ms || changed_ms(d) != d->read_ms;
}

int drop_taken(struct drop *d, char ***ret, struct err *e)
{
	const int64_t changed = changed_ms(d);
	char **names;
	unsigned kept = 0;

	/* A file system's clock goes in steps: two changes in one of them look like one. */
	d->read_ms = clock_now_ms() - changed > CHANGE_STEP_MS ? changed : 0;
	if (fsys_list(d->taken_dir, ".", &names, e) != 0)
		return err_at(e, "%s/.taken", d->folder);
	for (unsigned i = 0; names[i]; i++)
		if (may_be_claimed(d, names[i]))
			names[kept++] = names[i];
		else
			free(names[i]);
	names[kept] = NULL;
	for (unsigned i = 0; names[i]; i++)
		if (take_marker(d, names[i], e) != 0) {
			fsys_list_free(names);
			return -1;
		}
	*ret = names;
	return sync_folders(d, e);
}

/* ---- the copy ---- */

struct drop_copy {
	struct codec_input input;    /* first: fill casts back */
	struct drop *drop;
	char *taken;
	int from, to;
	struct stat before;
	uint64_t size;
	struct hash_sha256 *hash, *block_hash;
	uint64_t block, in_block;    /* its bytes, and those so far */
	struct buf digests, scratch;
};

static void end_block(struct drop_copy *c)
{
	uint8_t digest[HASH_SHA256];

	hash_sha256_get(c->block_hash, digest);
	hash_hex(&c->digests, digest, CLAIM_DIGEST);
	hash_sha256_free(c->block_hash);
	c->block_hash = hash_sha256_new();
	c->in_block = 0;
}

static void account(struct drop_copy *c, const char *p, size_t n)
{
	hash_sha256_add(c->hash, p, n);
	c->size += n;
	while (n) {
		const uint64_t room = c->block - c->in_block;
		const size_t part = n < room ? n : (size_t)room;

		hash_sha256_add(c->block_hash, p, part);
		c->in_block += part;
		p += part;
		n -= part;
		if (c->in_block == c->block)
			end_block(c);
	}
}

static int copy_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct drop_copy *c = (struct drop_copy *)in;
	ssize_t n;

	do
		n = read(c->from, p, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, E_FILE_FAILED, c->taken, errno);
	if (fsys_write(c->to, p, (size_t)n, c->drop->spool, e) != 0)
		return -1;
	account(c, p, (size_t)n);
	*ret_n = (size_t)n;
	return 0;
}

static int copy_open(struct drop *d, const char *taken, const char *as, struct drop_copy **ret, struct err *e)
{
	struct drop_copy *c = mem_new(sizeof *c);

	*c = (struct drop_copy){.input = {copy_fill}, .drop = d, .taken = mem_text(span_of(taken)), .to = -1,
		.hash = hash_sha256_new(), .block_hash = hash_sha256_new()};
	/* A pipe that took a file's place between look and rename must not make us wait. */
	c->from = openat(d->taken_dir, taken, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (c->from < 0 || fstat(c->from, &c->before) != 0) {
		err_sys(e, errno == EACCES ? E_FILE_DENIED : E_FILE_FAILED, taken, errno);
		err_at(e, "%s/.taken", d->folder);
		goto fail;
	}
	c->block = claim_block((uint64_t)c->before.st_size);     /* of another size it is not finished: drop.growing */
	/* What an earlier life left is of no use: begin with an empty file of our own. */
	if (unlinkat(d->spool_dir, as, 0) != 0 && errno != ENOENT) {
		err_sys(e, E_FILE_FAILED, d->spool, errno);
		goto fail;
	}
	c->to = openat(d->spool_dir, as, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (c->to < 0) {
		err_sys(e, errno == ENOSPC || errno == EDQUOT ? E_DISK_FULL : E_FILE_FAILED, d->spool, errno);
		goto fail;
	}
	*ret = c;
	return 0;
fail:
	drop_copy_close(c);
	return -1;
}

int drop_copy_open(struct drop *d, const char *taken, struct drop_copy **ret, struct err *e)
{
	return copy_open(d, taken, taken, ret, e);
}

struct codec_input *drop_copy_input(struct drop_copy *c)
{
	return &c->input;
}

int drop_copy_rest(struct drop_copy *c, uint64_t max_bytes, struct err *e)
{
	uint64_t done = 0;
	size_t n;

	buf_reserve(&c->scratch, 1u << 16);
	do {
		if (copy_fill(&c->input, c->scratch.p, 1u << 16, &n, e) != 0)
			return -1;
		done += n;
	} while (n && done < max_bytes);
	return n != 0;
}

int drop_copy_finish(struct drop_copy *c, struct err *e)
{
	struct stat after;

	if (c->in_block)
		end_block(c);
	if (fstat(c->from, &after) != 0)
		return err_sys(e, E_FILE_FAILED, c->taken, errno);
	if (after.st_size != c->before.st_size || (uint64_t)after.st_size != c->size ||
		after.st_mtim.tv_sec != c->before.st_mtim.tv_sec || after.st_mtim.tv_nsec != c->before.st_mtim.tv_nsec)
		return err_set(e, E_DROP_GROWING, "file=%s/%s", c->drop->folder, drop_name(c->taken));
	if (fsys_sync(c->to, c->drop->spool, e) != 0)
		return -1;
	return fsys_sync_dir(c->drop->spool_dir, c->drop->spool, e);
}

uint64_t drop_copy_size(const struct drop_copy *c)
{
	return c->size;
}

void drop_copy_digest(const struct drop_copy *c, uint8_t ret[HASH_SHA256])
{
	hash_sha256_get(c->hash, ret);
}

const struct buf *drop_copy_digests(const struct drop_copy *c)
{
	return &c->digests;
}

void drop_copy_close(struct drop_copy *c)
{
	if (!c)
		return;
	if (c->from >= 0)
		close(c->from);
	if (c->to >= 0)
		close(c->to);
	hash_sha256_free(c->hash);
	hash_sha256_free(c->block_hash);
	buf_done(&c->digests);
	buf_done(&c->scratch);
	free(c->taken);
	free(c);
}

/* ---- the spool ---- */

struct drop_spool {
	struct codec_input input;    /* first: fill casts back */
	char *shown;
	int fd;
	char *digests;
	size_t ndigests;
	uint64_t size, offset;       /* of the next byte to give */
	uint64_t block_bytes;
	uint64_t block;              /* number of the one in bytes, or UINT64_MAX */
	size_t in_block;
	char *bytes;
};

static int damaged(const struct drop_spool *s, uint64_t at, struct err *e)
{
	return err_set(e, E_DROP_SPOOL_DAMAGED, "file=%s\nblock=%" PRIu64, s->shown, at / CLAIM_BLOCK);
}

static int load_block(struct drop_spool *s, uint64_t block, struct err *e)
{
	uint64_t at = block * s->block_bytes, left = s->size - at;
	size_t want = (size_t)(left < s->block_bytes ? left : s->block_bytes), n = 0;
	uint8_t claimed[CLAIM_DIGEST], have[HASH_SHA256];

	while (n < want) {
		ssize_t got = pread(s->fd, s->bytes + n, want - n, (off_t)(at + n));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return damaged(s, at, e);
		n += (size_t)got;
	}
	hash_sha256(s->bytes, n, have);
	if (block >= s->ndigests ||
		hash_unhex((struct span){s->digests + block * 2 * CLAIM_DIGEST, 2 * CLAIM_DIGEST}, claimed,
			CLAIM_DIGEST) != 0 ||
		memcmp(have, claimed, CLAIM_DIGEST) != 0)
		return damaged(s, at, e);
	s->block = block;
	s->in_block = n;
	return 0;
}

static int spool_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct drop_spool *s = (struct drop_spool *)in;
	uint64_t block = s->offset / s->block_bytes;
	size_t from = (size_t)(s->offset % s->block_bytes), n;

	*ret_n = 0;
	if (s->offset >= s->size)
		return 0;
	if (block != s->block && load_block(s, block, e) != 0)
		return -1;
	n = s->in_block - from < cap ? s->in_block - from : cap;
	memcpy(p, s->bytes + from, n);
	s->offset += n;
	*ret_n = n;
	return 0;
}

int drop_spool_open(struct drop *d, const char *taken, struct span digests, uint64_t size, uint64_t offset,
	struct drop_spool **ret, struct err *e)
{
	struct drop_spool *s = mem_new(sizeof *s);
	struct buf shown = BUF_INIT;

	buf_printf(&shown, "%s/%s", d->spool, taken);
	*s = (struct drop_spool){.input = {spool_fill}, .shown = mem_text(buf_as_span(&shown)), .digests = mem_text(digests),
		.ndigests = digests.n / (2 * CLAIM_DIGEST), .size = size, .offset = offset, .block_bytes = claim_block(size),
		.block = UINT64_MAX};
	buf_done(&shown);
	s->fd = openat(d->spool_dir, taken, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd < 0) {
		err_set(e, E_DROP_SPOOL_MISSING, "file=%s", s->shown);
		drop_spool_close(s);
		return -1;
	}
	s->bytes = mem_grow(NULL, s->block_bytes, 1);
	*ret = s;
	return 0;
}

/* 1 the copy stands under the name AGAIN, 0 the original is gone or another one, -1. */
static int copy_again(struct drop *d, const char *taken, struct span digest, struct err *e)
{
	struct drop_copy *c;
	uint8_t claimed[HASH_SHA256], have[HASH_SHA256];
	int got;

	if (copy_open(d, taken, AGAIN, &c, e) != 0)
		return err_kind(e) == ERR_RETRY ? -1 : 0;
	while ((got = drop_copy_rest(c, UINT64_MAX, e)) == 1)
		continue;
	if (got == 0)
		got = drop_copy_finish(c, e);
	if (got == 0) {
		drop_copy_digest(c, have);
		got = hash_unhex(digest, claimed, sizeof claimed) == 0 && memcmp(have, claimed, sizeof have) == 0;
	}
	drop_copy_close(c);
	return got;
}

int drop_spool_again(struct drop *d, const char *taken, struct span digest, struct err *e)
{
	struct err why = ERR_INIT;
	int got = copy_again(d, taken, digest, &why);

	if (got <= 0) {
		(void)unlinkat(d->spool_dir, AGAIN, 0);
		if (got == 0)
			err_set(&why, E_DROP_SPOOL_MISSING, "file=%s/%s\noriginal=%s/.taken", d->spool, taken,
				d->folder);
		*e = why;
		return -1;
	}
	if (renameat(d->spool_dir, AGAIN, d->spool_dir, taken) != 0)
		return err_sys(e, E_FILE_FAILED, d->spool, errno);
	return fsys_sync_dir(d->spool_dir, d->spool, e);
}

struct codec_input *drop_spool_input(struct drop_spool *s)
{
	return &s->input;
}

void drop_spool_close(struct drop_spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->shown);
	free(s->digests);
	free(s->bytes);
	free(s);
}

int drop_spool_delete(struct drop *d, const char *taken, struct err *e)
{
	if (unlinkat(d->spool_dir, taken, 0) != 0 && errno != ENOENT)
		return err_sys(e, E_FILE_FAILED, d->spool, errno);
	return 0;
}

int drop_spool_list(struct drop *d, char ***ret, struct err *e)
{
	return fsys_list(d->spool_dir, ".", ret, e);
}

int64_t drop_taken_time(const struct drop *d, const char *taken)
{
	struct stat st;

	return fstatat(d->taken_dir, taken, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (int64_t)st.st_ctim.tv_sec * 1000 : 0;
}

void drop_forget(struct drop *d, const char *taken)
{
	char marker[300];

	snprintf(marker, sizeof marker, "%s" MARKER, taken);
	unlinkat(d->taken_dir, marker, 0);
	unlinkat(d->taken_dir, taken, 0);
}

int drop_return(struct drop *d, const char *folder, const char *name, struct span bytes, struct err *e)
{
	int dir = -1, ret;

	if (folder)
		ret = fsys_make_path(folder, e) != 0 || fsys_open_dir(AT_FDCWD, folder, &dir, e) != 0 ? -1 : 0;
	else
		ret = fsys_make_dir(d->dir, ".returned", &dir, e);
	if (ret == 0)
		ret = fsys_put(dir, name, bytes, e);
	if (dir >= 0)
		close(dir);
	return ret;
}
