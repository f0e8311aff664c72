/* SPDX-License-Identifier: Apache-2.0 */
#include "tail_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "say.h"

#define FOLLOW_MS 200
#define LAST_MS 100                  /* so long what is left of the last lines waits for room */
#define WRITE_BYTES 4096u            /* a pipe that can be written has room for it */
#define ACK_BYTES (64u << 10)

/* ---- acknowledgements ---- */

static void acknowledge(struct tail_reading *g, struct tail_part *p, unsigned n)
{
	const struct tail_given *last = &p->given[(p->first + n - 1) % p->room];

	group_done(g->group, p->place, last->offset, last->check);
	p->first = (p->first + n) % p->room;
	p->n -= n;
	g->open -= n;
	g->done += n;
}

static int not_next(struct tail_reading *g, struct span text, const struct tail_part *p, struct err *e)
{
	char want[160] = "";

	if (p && p->n)
		snprintf(want, sizeof want, "\nwant=%s/%u@%" PRIu64, p->topic, p->partition, p->given[p->first].offset);
	if (text.n > 120)
		text.n = 120;
	return err_set(e, E_GROUP_ACK, "group=%s\ntext=%.*s%s", g->args->group, SPAN_F(text), want);
}

static int take_ack(struct tail_reading *g, struct span text, struct err *e)
{
	char place[BUS_KEY_MAX];

	for (unsigned i = 0; i < g->nparts; i++) {
		struct tail_part *p = &g->parts[i];
		size_t n = (size_t)snprintf(place, sizeof place, "%s/%u@", p->topic, p->partition);

		if (!span_starts(text, (struct span){place, n}))
			continue;
		if (p->n)
			snprintf(place + n, sizeof place - n, "%" PRIu64, p->given[p->first].offset);
		if (!p->n || !span_is(text, place))
			return not_next(g, text, p, e);
		acknowledge(g, p, 1);
		return 0;
	}
	return not_next(g, text, NULL, e);
}

static int take_acks(struct tail_reading *g, struct err *e)
{
	size_t at = 0;
	const char *end;
	int ret = 0;

	while (ret == 0 && (end = memchr(g->acks.p + at, '\n', g->acks.n - at)) != NULL) {
		struct span line = {g->acks.p + at, (size_t)(end - g->acks.p) - at};

		at += line.n + 1;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		ret = take_ack(g, line, e);
	}
	g->acks.n -= at;
	memmove(g->acks.p, g->acks.p + at, g->acks.n);
	return ret == 0 && g->acks.n >= ACK_BYTES ? not_next(g, buf_as_span(&g->acks), NULL, e) : ret;
}

/* What has come by now, and the position moved by it, in one step however many they are. What was acknowledged before a
 * line that is wrong counts. */
static int read_acks(struct tail_reading *g, struct err *e)
{
	uint64_t before = g->done;
	struct err failed;
	ssize_t n;
	int ret;

	buf_reserve(&g->acks, ACK_BYTES);
	n = read(STDIN_FILENO, g->acks.p + g->acks.n, ACK_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		g->ended = true;
		return 0;
	}
	g->acks.n += (size_t)n;
	ret = take_acks(g, e);
	if (g->done > before && group_commit(g->group, &failed) != 0) {
		*e = failed;
		return -1;
	}
	return ret;
}

/* Without acknowledgements: all that was made is written, and so done. */
static int commit_written(struct tail_reading *g, struct err *e)
{
	g->since += g->open;
	for (unsigned i = 0; i < g->nparts; i++)
		if (g->parts[i].n)
			acknowledge(g, &g->parts[i], g->parts[i].n);
	if (!g->since || (g->since < g->every && !g->idle && !g->ended))
		return 0;
	g->since = 0;
	/* A pipe cannot be synced, and need not be. */
	if (fdatasync(STDOUT_FILENO) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
		return err_sys(e, E_FILE_FAILED, "stdout", errno);
	return group_commit(g->group, e);
}

/* ---- the loop ---- */

static int write_some(struct tail_reading *g, struct err *e)
{
	size_t n = g->out.n - g->written;
	ssize_t put = write(STDOUT_FILENO, g->out.p + g->written, n < WRITE_BYTES ? n : WRITE_BYTES);

	if (put < 0) {
		if (errno == EPIPE)
			g->ended = true;
		else if (errno != EAGAIN && errno != EINTR)
			return err_sys(e, E_FILE_FAILED, "stdout", errno);
		return 0;
	}
	g->written += (size_t)put;
	if (g->written < g->out.n)
		return 0;
	buf_clear(&g->out);
	g->written = 0;
	return g->every ? commit_written(g, e) : 0;
}

static bool is_over(const struct tail_reading *g)
{
	return g->ended || (!g->args->follow && g->idle && !g->out.n && !g->open);
}

/* Waits for the consumer, or for what comes, or for a signal. */
static int wait_and_do(struct tail_reading *g, struct err *e)
{
	struct pollfd fds[] = {{.fd = g->signals, .events = POLLIN},
		{.fd = STDOUT_FILENO, .events = g->out.n ? POLLOUT : 0},
		{.fd = g->every ? -1 : STDIN_FILENO, .events = POLLIN}};
	bool more = tail_may_make_more(g);
	int wait = !more ? -1 : !g->idle ? 0 : g->args->follow ? FOLLOW_MS : g->out.n || g->open ? -1 : 0;

	if (poll(fds, sizeof fds / sizeof *fds, wait) < 0)
		return errno == EINTR ? 0 : err_sys(e, E_FILE_FAILED, "poll", errno);
	if ((fds[2].revents & (POLLIN | POLLHUP | POLLERR)) && read_acks(g, e) != 0)
		return -1;
	if (fds[0].revents || (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))) {
		g->ended = true;
		return 0;
	}
	return (fds[1].revents & POLLOUT) ? write_some(g, e) : 0;
}

/* A line that was begun is written to its end when the consumer reads. And what it had acknowledged before it went away
 * counts. */
static int drain(struct tail_reading *g, struct err *e)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN}, out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	while (g->out.n && poll(&out, 1, LAST_MS) > 0 && out.revents == POLLOUT)
		if (write_some(g, e) != 0)
			return -1;
	while (!g->every && poll(&in, 1, 0) > 0 && (in.revents & POLLIN)) {
		g->ended = false;
		if (read_acks(g, e) != 0)
			return -1;
		if (g->ended)
			break;
	}
	g->ended = true;
	return g->every && !g->out.n ? commit_written(g, e) : 0;
}

static int loop(struct tail_reading *g, struct err *e)
{
	while (!is_over(g)) {
		if (tail_make_lines(g, e) != 0)
			return -1;
		/* Nothing more for now: what was written counts. */
		if (g->every && g->idle && !g->out.n && commit_written(g, e) != 0)
			return -1;
		if (!is_over(g) && wait_and_do(g, e) != 0)
			return -1;
	}
	return drain(g, e);
}

static int catch_signals(struct tail_reading *g, const sigset_t *ends, struct err *e)
{
	signal(SIGPIPE, SIG_IGN);
	g->signals = signalfd(-1, ends, SFD_CLOEXEC);
	return g->signals < 0 ? err_sys(e, E_FILE_FAILED, "signalfd", errno) : 0;
}

static void say_end(const struct tail_reading *g)
{
	fprintf(stderr, say("消费组 %s：给出 %" PRIu64 " 行，已确认 %" PRIu64 " 行",
		"group %s: %" PRIu64 " lines given, %" PRIu64 " acknowledged"), g->args->group, g->lines, g->done);
	if (g->lines > g->done)
		fprintf(stderr, say("；未确认的 %" PRIu64 " 行下次再给", "; the %" PRIu64 " others come again"),
			g->lines - g->done);
	fputc('\n', stderr);
}

static int usage(const char *en, const char *zh, struct err *e)
{
	return err_set(e, E_USAGE, "what=%s\nverb=tail", say(zh, en));
}

static int understand(struct tail_reading *g, struct err *e)
{
	const struct args *a = g->args;
	const struct selection_words *w = &a->select;
	char *end;

	if (w->day || w->key || w->unit || w->where || w->to[0] || a->all)
		return usage("a group is given all of its topics: --group goes with --topic, --from, --commit-every, "
			"--follow, --json",
			"消费组读取主题的全部内容：--group 只与 --topic、--from、--commit-every、--follow、--json 同用", e);
	if (a->commit_every) {
		g->every = strtoull(a->commit_every, &end, 10);
		if (!g->every || *end || a->commit_every[0] < '0' || a->commit_every[0] > '9')
			return usage("--commit-every takes a number of lines, from 1", "--commit-every 后面是行数，至少为 1", e);
	}
	return tail_topics(g, e);
}

static void reading_done(struct tail_reading *g)
{
	for (unsigned i = 0; i < g->nparts; i++) {
		bus_unread(g->parts[i].reader);
		free(g->parts[i].given);
	}
	free(g->parts);
	free(g->topics);
	free(g->opened);
	group_close(g->group);
	if (g->signals >= 0)
		close(g->signals);
	buf_done(&g->out);
	buf_done(&g->acks);
}

int tail_group(struct site *s, struct bus *b, const struct args *a, const sigset_t *ends)
{
	struct tail_reading g = {.args = a, .site = s, .bus = b, .signals = -1};
	struct err e;
	int code = 0;

	if (understand(&g, &e) != 0 || group_open(b, a->group, &g.group, &e) != 0 || tail_begin(&g, &e) != 0 ||
		catch_signals(&g, ends, &e) != 0 || loop(&g, &e) != 0)
		code = verb_failed(&e);
	if (g.signals >= 0)
		say_end(&g);
	reading_done(&g);
	return code;
}
