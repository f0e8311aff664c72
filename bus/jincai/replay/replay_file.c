/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fsys.h"
#include "hash.h"
#include "json_text.h"
#include "say.h"
#include "verbs.h"

/*
 * One event a line, all its bytes as they lie on the bus, lane and number too. PATH.part grows; after each slice it is synced and
 * ID.at says how much of it counts. At the end the whole is held against the digest of the plan before it gets its name.
 */
#define SLICE 5000u
#define SLICE_BYTES (4u << 20)

struct writing {
	struct bus *bus;
	struct replay *r;
	const struct replay_run *how;
	struct selection *selection;
	struct hash_sha256 *hash;
	const char *file;
	struct buf part, lines;
	uint64_t staged;             /* events in lines */
	int fd;
	int64_t began;
};

static int changed(const struct replay *r, struct err *e)
{
	return err_set(e, E_REPLAY_CHANGED, "plan=%s", r->id);
}

static int open_selection(struct site *s, struct writing *w, struct err *e)
{
	char *text = json_dumps(json_object_get(w->r->plan, "selection"), JSON_COMPACT);
	int ret = selection_again(s, w->bus, span_of(text), &w->selection, e);

	free(text);
	return ret;
}

static bool is_planned(const struct writing *w)
{
	char digest[65];

	selection_digest(w->selection, digest);
	return strcmp(digest, json_text(w->r->plan, "digest")) == 0;
}

/* Before anything is written: is all of it still what was planned? */
static int check_first(struct site *s, struct writing *w, struct err *e)
{
	struct selected x;
	int got = open_selection(s, w, e);

	while (got == 0 && (got = selection_next(w->selection, &x, e)) == 1)
		got = 0;
	if (got == 0 && !is_planned(w))
		got = changed(w->r, e);
	selection_close(w->selection);
	w->selection = NULL;
	return got;
}

/* ---- the file ---- */

static int failed(struct writing *w, struct err *e)
{
	const int why = errno;

	return err_set(e, why == ENOSPC ? E_DISK_FULL : E_FILE_FAILED, "path=%s\nerrno=%s", buf_text(&w->part), strerror(why));
}

/* What counts of it is hashed; what is behind that goes away. */
static int open_part(struct writing *w, struct err *e)
{
	char block[65536];
	uint64_t left = w->r->bytes;
	struct stat st;

	w->fd = open(buf_text(&w->part), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->fd < 0 || fstat(w->fd, &st) != 0)
		return failed(w, e);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < left)
		return changed(w->r, e);
	while (left) {
		ssize_t n = read(w->fd, block, left < sizeof block ? left : sizeof block);

		if (n <= 0)
			return failed(w, e);
		hash_sha256_add(w->hash, block, (size_t)n);
		left -= (uint64_t)n;
	}
	return ftruncate(w->fd, (off_t)w->r->bytes) != 0 || lseek(w->fd, 0, SEEK_END) < 0 ? failed(w, e) : 0;
}

static int save_slice(struct writing *w, struct err *e)
{
	if (w->lines.n && (fsys_write(w->fd, w->lines.p, w->lines.n, buf_text(&w->part), e) != 0))
		return -1;
	if (fsys_sync(w->fd, buf_text(&w->part), e) != 0)
		return -1;
	hash_sha256_add(w->hash, w->lines.p ? w->lines.p : "", w->lines.n);
	w->r->events += w->staged;
	w->r->bytes += w->lines.n;
	w->staged = 0;
	buf_clear(&w->lines);
	return replay_save(w->bus, w->r, e);
}

/* The events that stand in the file already are read again, for the digest. */
static int skip_written(struct writing *w, struct err *e)
{
	struct selected x;

	for (uint64_t i = 0; i < w->r->events; i++) {
		int got = selection_next(w->selection, &x, e);

		if (got != 1)
			return got < 0 ? -1 : changed(w->r, e);
	}
	return 0;
}

/* So many events a second, and no more. */
static void wait_for_rate(const struct writing *w, uint64_t written)
{
	const struct timespec moment = {0, 10000000};

	while (w->how->rate && (uint64_t)(clock_steady_ms() - w->began) * w->how->rate < written * 1000 &&
		!w->how->paused(w->how->arg))
		nanosleep(&moment, NULL);
}

/* 1 at the end, 0 paused, -1. */
static int write_all(struct writing *w, struct err *e)
{
	const json_int_t all = json_integer_value(json_object_get(w->r->plan, "events"));
	uint64_t written = 0;
	struct selected x;
	int got;

	while ((got = selection_next(w->selection, &x, e)) == 1) {
		buf_span(&w->lines, x.value);
		buf_c(&w->lines, '\n');
		w->staged++;
		wait_for_rate(w, ++written);
		verb_progress(say("重放", "replay"), (int64_t)(w->r->events + w->staged), all);
		if (w->how->paused(w->how->arg))
			return save_slice(w, e) == 0 ? 0 : -1;
		if ((w->staged >= SLICE || w->lines.n >= SLICE_BYTES) && save_slice(w, e) != 0)
			return -1;
	}
	verb_progress("", -1, 0);
	return got < 0 || save_slice(w, e) != 0 ? -1 : 1;
}

/* ---- its name ---- */

static int sync_folder(const struct writing *w, struct err *e)
{
	char *folder = mem_text(span_of(w->file)), *slash = strrchr(folder, '/');
	int fd = -1, ret;

	slash[slash == folder] = 0;
	ret = fsys_open_dir(AT_FDCWD, folder, &fd, e);
	if (ret == 0)
		ret = fsys_sync_dir(fd, folder, e);
	if (fd >= 0)
		close(fd);
	free(folder);
	return ret;
}

static int end(struct writing *w, struct err *e)
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	if (!is_planned(w))
		return changed(w->r, e);
	hash_sha256_get(w->hash, digest);
	hash_hex(&hex, digest, sizeof digest);
	snprintf(w->r->sha256, sizeof w->r->sha256, "%s", buf_text(&hex));
	buf_done(&hex);
	w->r->state = REPLAY_NAMING;
	return replay_save(w->bus, w->r, e);
}

/* After a kill it may have its name already: the part is gone then. */
static int name(struct writing *w, struct err *e)
{
	if (fsys_exists(AT_FDCWD, buf_text(&w->part)) &&
		fsys_rename_new(AT_FDCWD, buf_text(&w->part), AT_FDCWD, w->file, w->file, e) != 0)
		return e->id == E_FILE_EXISTS ? err_set(e, E_REPLAY_TAKEN, "to=%s", w->file) : -1;
	if (sync_folder(w, e) != 0)
		return -1;
	w->r->state = REPLAY_DONE;
	return replay_save(w->bus, w->r, e) == 0 ? 1 : -1;
}

static int begin(struct site *s, struct writing *w, struct err *e)
{
	if (fsys_exists(AT_FDCWD, w->file))
		return err_set(e, E_REPLAY_TAKEN, "to=%s", w->file);
	if (w->r->state == REPLAY_PLANNED) {
		if (fsys_exists(AT_FDCWD, buf_text(&w->part)))
			return err_set(e, E_REPLAY_TAKEN, "to=%s", buf_text(&w->part));
		if (check_first(s, w, e) != 0)
			return -1;
	}
	w->r->state = REPLAY_RUNNING;
	return replay_save(w->bus, w->r, e) != 0 || open_part(w, e) != 0 || open_selection(s, w, e) != 0 || skip_written(w, e) != 0 ? -1 : 0;
}

int replay_to_file(struct site *s, struct bus *b, struct replay *r, const struct replay_run *how, struct err *e)
{
	struct writing w = {.bus = b, .r = r, .how = how, .hash = hash_sha256_new(), .file = json_text(json_object_get(r->plan, "to"), "file"),
		.fd = -1, .began = clock_steady_ms()};
	int ret = 1;

	buf_printf(&w.part, "%s.part", w.file);
	if (replay_has_ended(r->state))
		ret = err_set(e, E_REPLAY_ENDED, "plan=%s\nstate=%s", r->id,
			say(replay_states_zh[r->state], replay_states[r->state]));
	if (ret == 1 && r->state != REPLAY_NAMING) {
		ret = begin(s, &w, e) != 0 ? -1 : write_all(&w, e);
		if (ret == 1)
			ret = end(&w, e) == 0 ? 1 : -1;
	}
	if (ret == 1)
		ret = name(&w, e);
	if (w.fd >= 0)
		close(w.fd);
	selection_close(w.selection);
	hash_sha256_free(w.hash);
	buf_done(&w.part);
	buf_done(&w.lines);
	return ret;
}

int replay_cancel(struct bus *b, struct replay *r, struct err *e)
{
	const bool begun = r->state == REPLAY_RUNNING;
	struct buf part = BUF_INIT;
	int ret;

	if (r->state == REPLAY_DONE || r->state == REPLAY_CANCELLED || r->state == REPLAY_NAMING)
		return err_set(e, E_REPLAY_ENDED, "plan=%s\nstate=%s", r->id,
			say(replay_states_zh[r->state], replay_states[r->state]));
	r->state = REPLAY_CANCELLED;
	buf_printf(&part, "%s.part", json_text(json_object_get(r->plan, "to"), "file"));
	ret = replay_save(b, r, e);
	if (ret == 0 && begun)
		unlink(buf_text(&part));
	buf_done(&part);
	return ret;
}
