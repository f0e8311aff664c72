/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "fsys.h"
#include "hash.h"
#include "lines.h"

static const char *const names[] = {[AUDIT_SHA256] = "sha256", [AUDIT_SM3] = "sm3"};

int audit_hash_by_name(struct span name, enum audit_hash *ret)
{
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is(name, names[i])) {
			*ret = (enum audit_hash)i;
			return 0;
		}
	return -1;
}

void audit_digest(enum audit_hash hash, const char *before, struct span text, char ret[AUDIT_CHAIN])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;
	unsigned n = 0;

	/* Neither fails but for want of memory, or an OpenSSL that was built without it. */
	if (!c || !EVP_DigestInit_ex(c, hash == AUDIT_SM3 ? EVP_sm3() : EVP_sha256(), NULL) ||
		!EVP_DigestUpdate(c, before, AUDIT_CHAIN - 1) || !EVP_DigestUpdate(c, text.p, text.n) ||
		!EVP_DigestFinal_ex(c, digest, &n) || n != sizeof digest)
		abort();
	EVP_MD_CTX_free(c);
	hash_hex(&hex, digest, sizeof digest);
	memcpy(ret, buf_text(&hex), AUDIT_CHAIN);
	buf_done(&hex);
}

void audit_add(struct audit_link *l, enum audit_hash hash, uint64_t after, struct buf *event)
{
	buf_printf(event, ",\"after\":%" PRIu64 ",\"n\":%" PRIu64 ",\"hash\":\"%s\"", after, ++l->n, names[hash]);
	audit_digest(hash, l->chain, buf_as_span(event), l->chain);
	buf_printf(event, ",\"chain\":\"%s\"", l->chain);
}

/* ---- the anchor ---- */

void audit_line(struct buf *lines, const char *writer, const struct audit_link *l, enum audit_hash hash)
{
	clock_write(lines, clock_now_ms());
	buf_printf(lines, " %s %" PRIu64 " %s %s\n", writer, l->n, names[hash], l->chain);
}

/* A full disk or a power cut left half a line at its end. */
static bool is_torn(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	char last = '\n';

	if (end > 0)
		(void)!pread(fd, &last, 1, end - 1);
	if (fd >= 0)
		close(fd);
	return last != '\n';
}

/* What was torn is told by who verifies; it takes no other line along. */
static int add_lines(int fd, const char *path, struct span lines, struct err *e)
{
	struct buf b = BUF_INIT;
	int ret;

	if (is_torn(path))
		buf_c(&b, '\n');
	buf_span(&b, lines);
	ret = fsys_write(fd, b.p, b.n, path, e) != 0 || fsys_sync(fd, path, e) != 0 ? -1 : 0;
	buf_done(&b);
	return ret;
}

int audit_anchor(const char *path, struct span lines, struct err *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), ret;

	if (fd < 0)
		return err_sys(e, errno == ENOENT ? E_FILE_MISSING : errno == EACCES || errno == EROFS ? E_FILE_DENIED : E_FILE_FAILED,
			path, errno);
	ret = lines.n ? add_lines(fd, path, lines, e) : 0;
	close(fd);
	return ret;
}

static struct span word(struct span *line)
{
	const char *blank = memchr(line->p, ' ', line->n);
	struct span w = {line->p, blank ? (size_t)(blank - line->p) : line->n};

	line->p += w.n + (blank != NULL);
	line->n -= w.n + (blank != NULL);
	return w;
}

static bool is_number(struct span t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
	return t.n > 0 && t.n < 19;
}

/* The writer; empty when it is no line of ours. */
static struct span read_line(struct span line, struct audit_link *ret)
{
	struct span writer, n, hash, chain;
	enum audit_hash known;

	(void)word(&line);
	writer = word(&line);
	n = word(&line);
	hash = word(&line);
	chain = word(&line);
	if (!is_number(n) || audit_hash_by_name(hash, &known) != 0 || chain.n != AUDIT_CHAIN - 1 || line.n)
		return SPAN("");
	ret->n = strtoull(n.p, NULL, 10);
	memcpy(ret->chain, chain.p, chain.n);
	ret->chain[chain.n] = 0;
	return writer;
}

static int each_line(struct lines *x, audit_each_line *each, void *arg, struct err *e)
{
	uint64_t number = 0;
	struct span line;
	bool ended;
	int got, ret = 0;

	while (ret == 0 && (got = lines_next(x, &line, &ended, e)) != 0) {
		struct audit_link l = AUDIT_LINK_INIT;

		if (got < 0)
			return -1;
		number++;
		if (line.n || !ended)    /* two have seen the same half of a line */
			ret = each(arg, number, ended ? read_line(line, &l) : SPAN(""), &l);
	}
	return ret;
}

int audit_anchor_each(const char *path, audit_each_line *each, void *arg, struct err *e)
{
	struct lines x;
	int ret = lines_open(&x, path, e);

	if (ret != 1)
		return ret;
	ret = each_line(&x, each, arg, e);
	lines_close(&x);
	return ret;
}

struct last {
	const char *writer;
	struct audit_link *ret;
	bool found;
};

static int look(void *arg, uint64_t line, struct span writer, const struct audit_link *l)
{
	struct last *x = arg;

	(void)line;
	if (span_is(writer, x->writer)) {
		*x->ret = *l;
		x->found = true;
	}
	return 0;
}

int audit_anchor_last(const char *path, const char *writer, struct audit_link *ret, struct err *e)
{
	struct last x = {writer, ret, false};

	return audit_anchor_each(path, look, &x, e) < 0 ? -1 : x.found;
}
