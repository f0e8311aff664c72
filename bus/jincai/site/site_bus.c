/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fsys.h"
#include "pem.h"
#include "site.h"

#define EMBEDDED "embedded:"
#define KAFKA "kafka:"
#define FOLDER "./bus"
#define PREFIX_MAX 40u
#define SECRET_MAX 4096u

struct reading {
	const struct site *site;
	struct conf *map;
	struct findings *f;
};

/* ---- bus: ---- */

/* HOST:PORT or [ADDRESS]:PORT. */
static bool broker_ok(struct span b)
{
	size_t colon = b.n, n;
	unsigned port = 0;

	while (colon > 0 && b.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || colon == b.n || b.n - colon > 5)
		return false;
	for (size_t i = colon; i < b.n; i++) {
		if (b.p[i] < '0' || b.p[i] > '9')
			return false;
		port = port * 10 + (unsigned)(b.p[i] - '0');
	}
	n = colon - 1;
	if (n > 2 && b.p[0] == '[' && b.p[n - 1] == ']') {
		for (size_t i = 1; i < n - 1; i++)
			if (!strchr("0123456789abcdefABCDEF:.", b.p[i]))
				return false;
		return port && port < 65536;
	}
	for (size_t i = 0; i < n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", b.p[i]))
			return false;
	return port && port < 65536;
}

static bool brokers_ok(struct span list)
{
	while (list.n) {
		const char *comma = memchr(list.p, ',', list.n);
		struct span one = {list.p, comma ? (size_t)(comma - list.p) : list.n};

		if (!broker_ok(one))
			return false;
		list.p += one.n + (comma ? 1 : 0);
		list.n -= one.n + (comma ? 1 : 0);
		if (comma && !list.n)
			return false;
	}
	return true;
}

static bool url_ok(struct span url)
{
	if (span_starts(url, SPAN(KAFKA)))
		return url.n > sizeof KAFKA - 1 &&
			brokers_ok((struct span){url.p + sizeof KAFKA - 1, url.n - (sizeof KAFKA - 1)});
	return span_starts(url, SPAN(EMBEDDED)) && url.n > sizeof EMBEDDED - 1;
}

bool site_on_kafka(const struct site *s)
{
	return span_starts(span_of(s->bus_url), SPAN(KAFKA));
}

char *site_bus_folder(const struct site *s)
{
	struct span url = span_of(s->bus_url);

	if (site_on_kafka(s))
		return site_path(s, span_of(s->kafka.folder));
	if (!span_starts(url, SPAN(EMBEDDED)))
		return NULL;
	return site_path(s, (struct span){url.p + sizeof EMBEDDED - 1, url.n - (sizeof EMBEDDED - 1)});
}

/* ---- kafka: ---- */

/* The path of a file that is named, and its bytes; NULL: it is not named, or cannot be read, and that is said. */
static char *read_file(const struct reading *in, const char *key, size_t max, struct buf *ret)
{
	struct conf *node = conf_want(in->map, key, CONF_SCALAR, in->f);
	char *path;
	struct err e;

	if (!node)
		return NULL;
	path = site_path(in->site, node->text);
	if (fsys_get(AT_FDCWD, path, max, ret, &e) == 0)
		return path;
	conf_report(in->f, node, e.id, "%s", e.args);
	free(path);
	return NULL;
}

/* What others can read is no secret. */
static void check_secret(const struct reading *in, const char *key, const char *path)
{
	struct stat st;

	if (path && stat(path, &st) == 0 && st.st_mode & S_IRWXO)
		conf_report(in->f, conf_get(in->map, key), E_SITE_KAFKA_SECRET, "file=%s\nmode=%04o", path,
			(unsigned)st.st_mode & 07777u);
}

static void check_certificates(const struct reading *in, const char *key, const char *path, const struct buf *pem)
{
	struct err e;

	if (path && pem_certificates(buf_as_span(pem), &e) != 0)
		conf_report(in->f, conf_get(in->map, key), e.id, "file=%s\n%s", path, e.args);
}

/* One of the two without the other is of no use. */
static bool check_both(const struct reading *in, const char *one, const char *other)
{
	const struct conf *has = conf_get(in->map, one), *too = conf_get(in->map, other);

	if (!has == !too)
		return has != NULL;
	conf_report_key(in->f, has ? has : too, E_SITE_KAFKA_HALF, "has=%s\nlacks=%s", has ? one : other, has ? other : one);
	return false;
}

static void read_pair(const struct reading *in, struct bus_kafka_conf *k)
{
	struct buf certificate = BUF_INIT, key = BUF_INIT;
	struct err e;

	k->certificate = read_file(in, "certificate", PEM_MAX, &certificate);
	k->key = read_file(in, "key", PEM_MAX, &key);
	check_secret(in, "key", k->key);
	if (k->certificate && pem_certificates(buf_as_span(&certificate), &e) != 0)
		conf_report(in->f, conf_get(in->map, "certificate"), e.id, "file=%s\n%s", k->certificate, e.args);
	else if (check_both(in, "certificate", "key") && k->certificate && k->key &&
		pem_pair(buf_as_span(&certificate), buf_as_span(&key), &e) != 0)
		conf_report(in->f, conf_get(in->map, "key"), e.id, "file=%s\ncertificate=%s", k->key, k->certificate);
	if (key.n)
		explicit_bzero(key.p, key.n);
	buf_done(&certificate);
	buf_done(&key);
}

static void read_ca(const struct reading *in, struct bus_kafka_conf *k)
{
	struct buf ca = BUF_INIT;

	k->ca = read_file(in, "ca", PEM_MAX, &ca);
	check_certificates(in, "ca", k->ca, &ca);
	buf_done(&ca);
}

static bool is_blank(const struct buf *text)
{
	for (size_t i = 0; i < text->n; i++)
		if (!strchr(" \t\r\n", text->p[i]))
			return false;
	return true;
}

static void read_login(const struct reading *in, struct bus_kafka_conf *k)
{
	static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
	struct conf *user = conf_want(in->map, "user", CONF_SCALAR, in->f), *mechanism = conf_get(in->map, "mechanism");
	int which = conf_choice(in->map, "mechanism", "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512", -1, in->f);
	struct buf password = BUF_INIT;

	k->user = user ? mem_text(user->text) : NULL;
	k->mechanism = which < 0 ? NULL : mem_text(span_of(mechanisms[which]));
	k->password = read_file(in, "password", SECRET_MAX, &password);
	check_secret(in, "password", k->password);
	if (k->password && is_blank(&password))
		conf_report(in->f, conf_get(in->map, "password"), E_SITE_KAFKA_EMPTY, "file=%s", k->password);
	check_both(in, "user", "password");
	check_both(in, "user", "mechanism");
	if (which > 0)
		conf_report(in->f, mechanism, E_SITE_KAFKA_SCRAM, "mechanism=%s", mechanisms[which]);
	if (password.n)
		explicit_bzero(password.p, password.n);
	buf_done(&password);
}

/* Names and payments of a county go over that line, and the password too. */
static void check_open(const struct reading *in, const struct conf *bus, const struct bus_kafka_conf *k)
{
	const struct conf *tls = conf_get(in->map, "ca") ? conf_get(in->map, "ca") : conf_get(in->map, "certificate");

	if (tls)
		return;
	if (k->user && !in->site->test)
		conf_report(in->f, conf_get(in->map, "user"), E_SITE_KAFKA_CLEAR, "user=%s", k->user);
	else if (!in->site->test)
		conf_report(in->f, bus, E_SITE_KAFKA_OPEN, "%s", "");
}

static bool prefix_ok(struct span p)
{
	for (size_t i = 0; i < p.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", p.p[i]))
			return false;
	return p.n <= PREFIX_MAX;
}

static void read_kafka(struct site *s, struct conf *root, const struct conf *bus, struct findings *f)
{
	struct reading in = {.site = s, .map = conf_want(root, "kafka", CONF_MAP, f), .f = f};
	struct bus_kafka_conf *k = &s->kafka;
	struct conf *prefix = conf_want(in.map, "prefix", CONF_SCALAR, f);

	k->folder = mem_text(conf_text(in.map, "folder", FOLDER, f));
	k->prefix = mem_text(prefix ? prefix->text : SPAN(""));
	k->site = mem_text(span_of(s->name));
	if (prefix && !prefix_ok(prefix->text))
		conf_report(f, prefix, E_SITE_KAFKA_PREFIX, "text=%.*s\nmax=%u", SPAN_F(prefix->text), PREFIX_MAX);
	k->keep_days = (unsigned)conf_int(in.map, "keep_days", 1, 36500, BUS_KEEP_DAYS, f);
	if (in.map) {
		read_ca(&in, k);
		read_pair(&in, k);
		read_login(&in, k);
	}
	check_open(&in, bus, k);
	conf_unknown(in.map, f);
}

void site_bus_read(struct site *s, struct conf *root, struct findings *f)
{
	struct conf *url = conf_need(root, "bus", CONF_SCALAR, f), *store, *kafka = conf_get(root, "kafka");
	const bool ok = url && url_ok(url->text);

	if (url) {
		free(s->bus_url);
		s->bus_url = mem_text(url->text);
	}
	if (url && !ok)
		conf_report(f, url, E_BUS_URL, "url=%.*s", SPAN_F(url->text));
	s->partitions = (unsigned)conf_int(root, "partitions", 1, 64, 1, f);
	s->shares = (unsigned)conf_int(root, "shares", 1, SHARES_MAX, 0, f);
	if (s->shares > 1 && ok && !site_on_kafka(s))
		conf_report(f, conf_get(root, "shares"), E_BUS_NO_SHARES, "flow=" SITE_ROUTER);
	else if (s->shares > s->partitions)
		conf_report(f, conf_get(root, "shares"), E_SHARES_MANY, "shares=%u\npartitions=%u", s->shares,
			s->partitions);
	store = conf_want(root, "store", CONF_MAP, f);
	if (store) {
		s->max_bytes = (uint64_t)conf_int(store, "max", 1, 4096, 64, f) << 30;
		conf_unknown(store, f);
	}
	if (site_on_kafka(s))
		read_kafka(s, root, url, f);
	else if (kafka && ok)
		conf_report_key(f, kafka, E_SITE_KAFKA_NONE, "url=%.*s", SPAN_F(url->text));
	if (kafka)
		kafka->asked = true;
}

static void drop(const char *text)
{
	free((void *)(uintptr_t)text);
}

void site_bus_done(struct site *s)
{
	const struct bus_kafka_conf *k = &s->kafka;

	drop(k->folder);
	drop(k->prefix);
	drop(k->site);
	drop(k->ca);
	drop(k->certificate);
	drop(k->key);
	drop(k->mechanism);
	drop(k->user);
	drop(k->password);
	free(s->bus_url);
}

struct bus_conf site_bus(const struct site *s)
{
	return (struct bus_conf){.url = s->bus_url, .base = s->base, .partitions = s->partitions, .max_bytes = s->max_bytes,
		.kafka = site_on_kafka(s) ? &s->kafka : NULL};
}
