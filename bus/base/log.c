/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <unistd.h>

#include "clock.h"
#include "say.h"
#include "utf8.h"

static enum log_level shown = LOG_INFO;

void log_set_level(enum log_level max)
{
	shown = max;
}

/* Blanks would end a value, an equals sign would begin one. Bytes above ASCII are text. */
static bool is_bare(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || c == '"' || c == '\\' || c == '=')
			return false;
	}
	return s.n > 0;
}

static void add_quoted(struct buf *b, struct span s)
{
	if (is_bare(s)) {
		buf_span(b, s);
		return;
	}
	buf_c(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c == 0x7f)
			buf_printf(b, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else
			buf_c(b, s.p[i]);
	}
	buf_c(b, '"');
}

const char *log_quoted(const char *text, char *ret, size_t cap)
{
	struct buf b = BUF_INIT;
	struct span cut;

	add_quoted(&b, span_of(text));
	cut = utf8_cut(buf_as_span(&b), cap - 1);
	memcpy(ret, cut.p, cut.n);
	ret[cut.n] = 0;
	buf_done(&b);
	return ret;
}

static void begin(struct buf *b, enum log_level level, const char *what)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	clock_write(b, clock_now_ms());
	buf_printf(b, " level=%s what=%s", names[level], what);
}

static void add_rest(struct buf *b, const char *fmt, va_list ap)
{
	char text[PIPE_BUF];

	vsnprintf(text, sizeof text, fmt, ap);
	if (text[0]) {
		buf_c(b, ' ');
		buf_str(b, text);
	}
}

/* A pipe takes up to PIPE_BUF bytes as one, so lines of several threads and processes do not mix. */
static void end(struct buf *b)
{
	struct span line = utf8_cut(buf_as_span(b), PIPE_BUF - 1);

	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)b->p[i] < ' ')
			b->p[i] = ' ';
	b->n = line.n;
	buf_c(b, '\n');
	/* A log that cannot be written is nobody's reason to stop: nothing can be said about it anyway. */
	while (write(STDERR_FILENO, b->p, b->n) < 0 && errno == EINTR)
		;
	buf_done(b);
}

void log_line(enum log_level level, const char *what, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	int saved = errno;
	va_list ap;

	if (level > shown)
		return;
	begin(&b, level, what);
	va_start(ap, fmt);
	add_rest(&b, fmt, ap);
	va_end(ap);
	end(&b);
	errno = saved;
}

void log_err(enum log_level level, const char *what, const struct err *e, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	int saved = errno;
	char words[768];
	va_list ap;

	if (level > shown)
		return;
	begin(&b, level, what);
	va_start(ap, fmt);
	add_rest(&b, fmt, ap);
	va_end(ap);
	buf_printf(&b, " err=%s", err_code(e->id)->name);
	if (e->where[0]) {
		buf_str(&b, " at=");
		add_quoted(&b, span_of(e->where));
	}
	err_words(e, say_lang(), words, sizeof words);
	buf_str(&b, " why=");
	add_quoted(&b, span_of(words));
	end(&b);
	errno = saved;
}
