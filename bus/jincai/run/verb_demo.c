/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flows.h"
#include "fsys.h"
#include "letter.h"
#include "log.h"
#include "planted.h"
#include "say.h"
#include "verbs.h"

/*
 * The demo: a small site that comes with the program, run step by step in a folder of its own, then held against what
 * was planted in it (planted.h).
 */
#define FILE_MAX (1u << 20)          /* of a file of the demo */
#define MARKER ".ok"

struct demo {
	const struct args *args;
	char *dir;                   /* from the root */
	int fd;                      /* of dir; -1 */
	struct planted planted;
};

/* ---- the folder ---- */

static char *join(const char *a, const char *b)
{
	struct buf t = BUF_INIT;

	buf_printf(&t, "%s/%s", a, b);
	return (char *)(uintptr_t)buf_text(&t);
}

/* The demo that comes with the program, or with a folder of --library; links are resolved. */
static char *find_source(const struct args *a, struct err *e)
{
	struct library *l = library_new();
	char *found = NULL;

	for (const char *const *dir = a->libraries; *dir; dir++)
		library_add(l, *dir);
	library_add_own(l);
	for (unsigned i = 0; i < l->nfolders && !found; i++) {
		char *path = join(l->folders[i], "demo");

		found = realpath(path, NULL);
		free(path);
	}
	library_free(l);
	if (!found)
		err_set(e, E_DEMO_MISSING, "folder=share/jincai/demo");
	return found;
}

static int copy_file(int from, int to, const char *name, struct err *e)
{
	struct buf bytes = BUF_INIT;
	int ret = fsys_get(from, name, FILE_MAX, &bytes, e);

	if (ret == 0)
		ret = fsys_put(to, name, buf_as_span(&bytes), e);
	buf_done(&bytes);
	return ret;
}

static bool is_folder(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int copy_tree(int from, int to, unsigned depth, struct err *e);

static int copy_folder(int from, int to, const char *name, unsigned depth, struct err *e)
{
	int inner = -1, made = -1, ret = -1;

	if (fsys_open_dir(from, name, &inner, e) == 0 && fsys_make_dir(to, name, &made, e) == 0)
		ret = copy_tree(inner, made, depth, e);
	if (inner >= 0)
		close(inner);
	if (made >= 0)
		close(made);
	return ret;
}

static int copy_tree(int from, int to, unsigned depth, struct err *e)
{
	char **names;
	int ret = 0;

	if (fsys_list(from, ".", &names, e) != 0)
		return -1;
	/* Data before markers: a system that hands files in does so too. */
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; names[i] && ret == 0; i++) {
			if (span_ends(span_of(names[i]), SPAN(MARKER)) != (pass == 1))
				continue;
			if (!is_folder(from, names[i]))
				ret = copy_file(from, to, names[i], e);
			else if (depth > 0)
				ret = copy_folder(from, to, names[i], depth - 1, e);
		}
	fsys_list_free(names);
	return ret;
}

/* A folder that is empty: the one named, else a fresh one. *ret is its path from the root. */
static int make_folder(const char *wanted, char **ret, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char *path = wanted ? mem_text(span_of(wanted)) : join(tmp && tmp[0] ? tmp : "/tmp", "jincai-demo-XXXXXX");
	char **names = NULL;
	int dir = -1, failed = -1;

	if (!wanted && !mkdtemp(path)) {
		err_sys(e, E_FILE_FAILED, path, errno);
		goto out;
	}
	if (fsys_make_path(path, e) != 0 || fsys_open_dir(AT_FDCWD, path, &dir, e) != 0 ||
		fsys_list(dir, ".", &names, e) != 0)
		goto out;
	if (names[0]) {
		err_set(e, E_DEMO_NOT_EMPTY, "folder=%s", path);
		goto out;
	}
	*ret = realpath(path, NULL);
	failed = *ret ? 0 : err_sys(e, E_FILE_FAILED, path, errno);
out:
	if (names)
		fsys_list_free(names);
	if (dir >= 0)
		close(dir);
	free(path);
	return failed;
}

/* The demo is a test site: its folders say so, and a production site refuses them. */
static int mark_folder(int dir, struct err *e)
{
	return fsys_put(dir, SITE_TEST_MARK, SPAN("SYNTHETIC DATA, 合成数据\n"), e);
}

/* The key of the site is made here: one that came with the program would be everybody's. */
static int make_key(int dir, struct err *e)
{
	char key[32];
	int keys, ret;

	if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
		return err_sys(e, E_FILE_FAILED, "keys/identity.key", errno);
	if (fsys_make_dir(dir, "keys", &keys, e) != 0)
		return -1;
	ret = fsys_put(keys, "identity.key", (struct span){key, sizeof key}, e) != 0 ? -1 : mark_folder(keys, e);
	explicit_bzero(key, sizeof key);
	close(keys);
	return ret;
}

static int make_folders(const struct demo *d, struct err *e)
{
	const json_t *folder;
	size_t i;
	int ret = 0;

	json_array_foreach(json_object_get(d->planted.root, "folders"), i, folder) {
		const char *name = json_string_value(folder);
		char *path = join(d->dir, name ? name : "");

		int made = -1;

		ret = ret == 0 && fsys_make_path(path, e) == 0 && fsys_open_dir(AT_FDCWD, path, &made, e) == 0 &&
			mark_folder(made, e) == 0 ? 0 : -1;
		if (made >= 0)
			close(made);
		free(path);
	}
	return ret;
}

static int prepare(struct demo *d, struct err *e)
{
	char *source = find_source(d->args, e);
	int from = -1, ret = -1;

	if (source && make_folder(d->args->dir, &d->dir, e) == 0 && fsys_open_dir(AT_FDCWD, source, &from, e) == 0 &&
		fsys_open_dir(AT_FDCWD, d->dir, &d->fd, e) == 0 && copy_tree(from, d->fd, 4, e) == 0 &&
		make_key(d->fd, e) == 0 && planted_load(&d->planted, d->fd, e) == 0)
		ret = make_folders(d, e);
	if (from >= 0)
		close(from);
	free(source);
	return ret;
}

/* ---- another bus ---- */

#define OWN_BUS "\nbus: embedded:./bus\n"       /* as the demo's site file has it */

/* Puts the copy of the site on a cluster, under a prefix that no demo before it had. */
static int put_on_bus(const struct demo *d, const char *url, struct err *e)
{
	json_t *word = json_string(url);
	char *quoted = json_dumps(word, JSON_ENCODE_ANY);
	struct buf text = BUF_INIT, put = BUF_INIT;
	const char *at = NULL;
	unsigned number;
	int ret = -1;

	if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
		err_sys(e, E_FILE_FAILED, "jincai.yaml", errno);
	} else if (fsys_get(d->fd, "jincai.yaml", FILE_MAX, &text, e) == 0) {
		at = strstr(buf_text(&text), OWN_BUS);
		if (!quoted || !at)
			err_set(e, E_BUS_URL, "url=%s", url);
		else
			ret = 0;
	}
	if (ret == 0) {
		buf_printf(&put, "%.*s\nbus: %s\n", (int)(at - text.p), text.p, quoted);
		if (span_starts(span_of(url), SPAN("kafka:")))
			buf_printf(&put, "kafka: {folder: ./bus, prefix: demo-%08x.}\n", number);
		buf_str(&put, at + strlen(OWN_BUS));
		ret = fsys_put(d->fd, "jincai.yaml", buf_as_span(&put), e);
	}
	free(quoted);
	json_decref(word);
	buf_done(&text);
	buf_done(&put);
	return ret;
}

/* ---- the steps ---- */

/* steps/<step>/ lies over in/. */
static int hand_in(const struct demo *d, const char *step, struct err *e)
{
	char *steps = join(d->dir, "steps"), *from_path = join(steps, step), *to_path = join(d->dir, "in");
	int from = -1, to = -1, ret = -1;

	if (fsys_open_dir(AT_FDCWD, from_path, &from, e) == 0 && fsys_open_dir(AT_FDCWD, to_path, &to, e) == 0)
		ret = copy_tree(from, to, 1, e);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	free(steps);
	free(from_path);
	free(to_path);
	return ret;
}

/* Hands in and runs one step after the other. 0, or an exit code. */
static int run_steps(const struct demo *d, struct site *s)
{
	char *path = join(d->dir, "steps"), **steps = NULL;
	struct err e;
	int dir = -1, code = 0;

	if (fsys_open_dir(AT_FDCWD, path, &dir, &e) != 0 || fsys_list(dir, ".", &steps, &e) != 0)
		code = verb_failed(&e);
	for (unsigned i = 0; steps && steps[i] && code <= 1; i++) {
		if (hand_in(d, steps[i], &e) != 0) {
			code = verb_failed(&e);
			break;
		}
		log_set_level(LOG_ERROR);    /* what waits is shown below, once */
		code = verb_run_site(s, NULL, true);
		log_set_level(LOG_INFO);
	}
	if (steps)
		fsys_list_free(steps);
	if (dir >= 0)
		close(dir);
	free(path);
	return code <= 1 ? 0 : code;
}

/* ---- */

/* The number of the first dead letter, by which a person asks for it. */
static int first_letter(struct bus *bus, uint64_t *ret, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct arena a = ARENA_INIT;
	struct letter l = {0};
	int got = letter_open(bus, &r, e), is = 0;

	while (got == 1 && (got = bus_next(r, &m, e)) == 1 && (is = letter_read(&m, &a, &l, e)) == 0)
		;
	*ret = is == 1 ? l.number : 0;
	buf_done(&l.words);
	arena_done(&a);
	bus_unread(r);
	return got < 0 || is < 0 ? -1 : 0;
}

/* What a person would try next: in planted.json, the demo's folder written {dir}, the first dead letter {letter}. */
static int show_next(const struct demo *d, struct bus *bus, struct err *e)
{
	const json_t *line;
	uint64_t letter;
	size_t i;

	if (first_letter(bus, &letter, e) != 0)
		return -1;
	printf("\n%s\n", say("接下来可以试", "to try next"));
	json_array_foreach(json_object_get(d->planted.root, "next"), i, line) {
		const char *text = json_string_value(line), *at;

		printf("  jincai ");
		for (; text && (at = strchr(text, '{')); text = strchr(at, '}') + 1) {
			printf("%.*s", (int)(at - text), text);
			if (strncmp(at, "{letter}", 8) == 0)
				printf("%" PRIu64, letter);
			else
				fputs(d->dir, stdout);
		}
		printf("%s\n", text ? text : "");
	}
	return 0;
}

static int show(struct demo *d, const struct site *s, struct bus *bus, struct err *e)
{
	struct balance b;
	int wrong;

	if (planted_claims(&d->planted, bus, e) != 0 || planted_receivers(&d->planted, e) != 0 ||
		balance_load(bus, &b, e) != 0)
		return -1;
	printf("\n");
	wrong = flows_print(&b, s, bus, stdout, e);
	balance_done(&b);
	if (wrong < 0)
		return -1;
	d->planted.wrong += (unsigned)wrong;
	wrong = show_next(d, bus, e);
	fflush(stdout);
	return wrong;
}

static int demo(struct demo *d)
{
	struct args here = *d->args;
	struct site *s;
	struct bus *bus = NULL;
	struct err e;
	char *path;
	int code = 0;

	if (prepare(d, &e) != 0 || (d->args->bus && put_on_bus(d, d->args->bus, &e) != 0))
		return verb_failed(&e);
	printf(say("演示站点：%s（保留；全部为合成数据）\n", "demo site: %s (kept; all data is synthetic)\n"), d->dir);
	fflush(stdout);
	path = join(d->dir, "jincai.yaml");
	here.site = path;
	s = verb_site(&here, &code);
	if (s && site_on_kafka(s))
		printf(say("%s 上的主题都以 %s 开头\n", "its topics on %s begin with %s\n"), s->bus_url, s->kafka.prefix);
	fflush(stdout);
	if (s)
		code = run_steps(d, s);
	if (s && code == 0)
		bus = verb_look(s, &code);
	if (bus && show(d, s, bus, &e) != 0)
		code = verb_failed(&e);
	bus_close(bus);
	site_free(s);
	free(path);
	if (code == 0 && d->planted.wrong) {
		err_set(&e, E_DEMO_DIFFERS, "count=%u", d->planted.wrong);
		code = verb_failed(&e);
	}
	return code;
}

int verb_demo(const struct args *a)
{
	struct demo d = {.args = a, .fd = -1};
	int code = demo(&d);

	planted_done(&d.planted);
	if (d.fd >= 0)
		close(d.fd);
	free(d.dir);
	return code;
}
