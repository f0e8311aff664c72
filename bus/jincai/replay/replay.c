/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "fsys.h"
#include "json_text.h"

#define PLAN_MAX (16u << 20)

const char *const replay_states[REPLAY_STATES] = {
	"planned", "running", "naming", "done", "cancelled", "paused", "void"};
const char *const replay_states_zh[REPLAY_STATES] = {"已计划", "进行中", "即将完成", "已完成", "已取消", "已暂停", "已作废"};

enum replay_state replay_state_of(const char *text)
{
	for (unsigned i = 0; i < REPLAY_STATES; i++)
		if (strcmp(text, replay_states[i]) == 0)
			return (enum replay_state)i;
	return REPLAY_PLANNED;
}

bool replay_has_ended(enum replay_state s)
{
	return s == REPLAY_DONE || s == REPLAY_CANCELLED || s == REPLAY_VOID;
}

/* ---- the plan in its folder ---- */

void replay_path(struct bus *b, const char *id, const char *end, struct buf *ret)
{
	buf_clear(ret);
	buf_printf(ret, "%s/replay%s%s%s", bus_folder(b), id ? "/" : "", id ? id : "", end);
}

static int put(struct bus *b, const char *id, const char *end, const json_t *o, struct err *e)
{
	struct buf folder = BUF_INIT, name = BUF_INIT;
	char *text = json_dumps(o, JSON_INDENT(1) | JSON_SORT_KEYS);
	int fd = -1, ret;

	replay_path(b, NULL, "", &folder);
	buf_printf(&name, "%s%s", id, end);
	ret = fsys_make_path(buf_text(&folder), e);
	if (ret == 0)
		ret = fsys_open_dir(AT_FDCWD, buf_text(&folder), &fd, e);
	if (ret == 0)
		ret = fsys_put(fd, buf_text(&name), span_of(text), e);
	if (fd >= 0)
		close(fd);
	free(text);
	buf_done(&folder);
	buf_done(&name);
	return ret;
}

int replay_store(struct bus *b, const struct replay *r, struct err *e)
{
	return put(b, r->id, ".json", r->plan, e);
}

int replay_save(struct bus *b, const struct replay *r, struct err *e)
{
	json_t *o = json_pack("{s:s,s:I,s:I,s:s}", "state", replay_states[r->state], "events", (json_int_t)r->events,
		"bytes", (json_int_t)r->bytes, "sha256", r->sha256);
	int ret = put(b, r->id, ".at", o, e);

	json_decref(o);
	return ret;
}

/* ---- reading it ---- */

static void take_state(struct replay *r, const json_t *o)
{
	const json_t *why = json_object_get(o, "why");

	r->state = replay_state_of(json_text(o, "state"));
	r->events = (uint64_t)json_integer_value(json_object_get(o, "events"));
	r->bytes = (uint64_t)json_integer_value(json_object_get(o, "bytes"));
	snprintf(r->sha256, sizeof r->sha256, "%s", json_text(o, "sha256"));
	if (why)
		err_restore(&r->why, json_text(why, "code"), strlen(json_text(why, "code")), json_text(why, "args"),
			strlen(json_text(why, "args")));
}

int replay_look(struct bus *b, struct replay *r, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	json_t *o;
	int ret = 0;

	if (replay_is_file(r->plan)) {
		replay_path(b, r->id, ".at", &path);
		if (fsys_exists(AT_FDCWD, buf_text(&path)))
			ret = fsys_get(AT_FDCWD, buf_text(&path), 4096, &text, e);
	} else {
		buf_printf(&path, SITE_REPLAY "/plan/%s", r->id);
		ret = bus_position_get(b, buf_text(&path), &text, e) < 0 ? -1 : 0;
	}
	o = json_loadb(text.p ? text.p : "", text.n, 0, NULL);
	take_state(r, o);
	json_decref(o);
	buf_done(&path);
	buf_done(&text);
	return ret;
}

static bool is_id(const char *id)
{
	return strlen(id) < REPLAY_ID && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id);
}

int replay_open(struct bus *b, const char *id, bool lock, struct replay *ret, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	int got = 0;

	*ret = (struct replay){.lock = -1, .why = ERR_INIT};
	replay_path(b, is_id(id) ? id : "-", ".json", &path);
	if (!is_id(id) || !fsys_exists(AT_FDCWD, buf_text(&path)))
		got = err_set(e, E_REPLAY_NONE, "plan=%s", id);
	if (got == 0 && lock) {
		ret->lock = open(buf_text(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (ret->lock < 0 || flock(ret->lock, LOCK_EX | LOCK_NB) != 0)
			got = err_set(e, E_REPLAY_RUNS, "plan=%s", id);
	}
	if (got == 0)
		got = fsys_get(AT_FDCWD, buf_text(&path), PLAN_MAX, &text, e);
	if (got == 0) {
		snprintf(ret->id, sizeof ret->id, "%s", id);
		ret->plan = json_loadb(text.p, text.n, 0, NULL);
		got = ret->plan ? replay_look(b, ret, e) : err_set(e, E_REPLAY_NONE, "plan=%s", id);
	}
	buf_done(&path);
	buf_done(&text);
	if (got != 0)
		replay_done(ret);
	return got;
}

void replay_done(struct replay *r)
{
	json_decref(r->plan);
	r->plan = NULL;
	if (r->lock >= 0)
		close(r->lock);
	r->lock = -1;
}

int replay_each(struct bus *b, int (*each)(void *arg, const struct replay *r, struct err *e), void *arg, struct err *e)
{
	struct buf folder = BUF_INIT;
	char **names;
	int ret = 0;

	replay_path(b, NULL, "", &folder);
	if (fsys_exists(AT_FDCWD, buf_text(&folder)) &&
		(ret = fsys_list(AT_FDCWD, buf_text(&folder), &names, e)) == 0) {
		for (unsigned i = 0; names[i] && ret == 0; i++) {
			char *end = strstr(names[i], ".json");
			struct replay r;

			if (names[i][0] == '.' || !end || end[5])
				continue;
			*end = 0;
			ret = replay_open(b, names[i], false, &r, e);
			if (ret == 0)
				ret = each(arg, &r, e);
			replay_done(&r);
		}
		fsys_list_free(names);
	}
	buf_done(&folder);
	return ret;
}
