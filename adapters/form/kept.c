/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"

struct kept_part {
	struct span path, bytes;     /* path: below the folder of the digest */
};

static int write_part(const char *folder, const struct kept_part *part, struct err *e)
{
	struct buf path = BUF_INIT;
	const char *slash;
	char *name;
	int dir = -1, ret;

	buf_printf(&path, "%s/%.*s", folder, SPAN_F(part->path));
	slash = strrchr(buf_text(&path), '/');
	name = mem_text(span_of(slash + 1));
	path.n = (size_t)(slash - path.p);
	ret = fsys_make_path(buf_text(&path), e);
	if (ret == 0)
		ret = fsys_open_dir(AT_FDCWD, buf_text(&path), &dir, e);
	if (ret == 0)
		ret = fsys_put(dir, name, part->bytes, e);
	if (dir >= 0)
		close(dir);
	buf_done(&path);
	free(name);
	return ret;
}

/* Under another name first: a folder of that digest is whole. */
static int put(const char *root, const char *digest, const struct kept_part *parts, unsigned n, struct err *e)
{
	struct buf part = BUF_INIT, folder = BUF_INIT;
	char *whole = kept_folder(root, digest);
	bool there = fsys_exists(AT_FDCWD, whole);
	int dir = -1, ret;

	free(whole);
	if (there)
		return 0;
	if (fsys_make_path(root, e) != 0 || fsys_open_dir(AT_FDCWD, root, &dir, e) != 0)
		return -1;
	ret = 0;
	buf_printf(&folder, ".%s.%ld.tmp", digest, (long)gettid());   /* two flows may keep the same at the same moment */
	buf_printf(&part, "%s/%s", root, buf_text(&folder));
	for (unsigned i = 0; i < n && ret == 0; i++)
		ret = write_part(buf_text(&part), &parts[i], e);
	if (ret == 0) {
		ret = fsys_rename_new(dir, buf_text(&folder), dir, digest, digest, e);
		if (ret != 0 && e->id == E_FILE_EXISTS)
			ret = 0;     /* somebody else kept it meanwhile */
		if (ret == 0)
			ret = fsys_sync_dir(dir, root, e);
	}
	close(dir);
	buf_done(&part);
	buf_done(&folder);
	return ret;
}

static void hex(const uint8_t digest[HASH_SHA256], char ret[KEPT_DIGEST])
{
	struct buf b = BUF_INIT;

	hash_hex(&b, digest, HASH_SHA256);
	memcpy(ret, buf_text(&b), KEPT_DIGEST);
	buf_done(&b);
}

bool kept_is_name(const char *name)
{
	unsigned slashes = 0;

	for (const char *p = name; *p; p++)
		slashes += *p == '/';
	return slashes == 2 && name[0] != '.' && name[0] != '/' && !span_ends(span_of(name), SPAN(".yaml"));
}

int kept_form(const char *root, const struct form *form, const char *name, struct err *e)
{
	struct kept_part part = {SPAN("form.yaml"), conf_source(form->conf)};
	struct buf path = BUF_INIT;
	char digest[KEPT_DIGEST];
	int ret;

	hex(form->digest, digest);
	if (kept_is_name(name)) {
		buf_printf(&path, "adapters/%s.yaml", name);
		part.path = buf_as_span(&path);
	}
	ret = put(root, digest, &part, 1, e);
	buf_done(&path);
	return ret;
}

static int put_files(const char *root, const uint8_t raw[HASH_SHA256], const char *below, const struct kept_part *files,
	unsigned n, struct err *e)
{
	struct kept_part *parts = mem_new((n + 1u) * sizeof *parts);
	struct arena a = ARENA_INIT;
	struct buf path = BUF_INIT;
	char digest[KEPT_DIGEST];
	int ret;

	for (unsigned i = 0; i < n; i++) {
		buf_clear(&path);
		buf_printf(&path, "%s%.*s", below, SPAN_F(files[i].path));
		parts[i] = (struct kept_part){arena_span(&a, buf_as_span(&path)), files[i].bytes};
	}
	hex(raw, digest);
	ret = put(root, digest, parts, n, e);
	buf_done(&path);
	arena_done(&a);
	free(parts);
	return ret;
}

int kept_table(const char *root, const struct code_table *t, struct err *e)
{
	struct kept_part *files = NULL, f;
	unsigned n = 0;
	int ret;

	while (code_table_file(t, n, &f.path, &f.bytes)) {
		files = mem_grow(files, n + 1u, sizeof *files);
		files[n++] = f;
	}
	ret = put_files(root, code_table_digest(t), "schemas/codes/", files, n, e);
	free(files);
	return ret;
}

int kept_schema(const char *root, const struct schema *s, struct err *e)
{
	struct kept_part *files = NULL, f;
	unsigned n = 0;
	int ret;

	while (schema_file(s, n, &f.path, &f.bytes)) {
		files = mem_grow(files, n + 1u, sizeof *files);
		files[n++] = f;
	}
	ret = put_files(root, schema_digest(s), "schemas/", files, n, e);
	free(files);
	return ret;
}

int kept_file(const char *root, const char *name, struct span bytes, struct err *e)
{
	struct kept_part part = {span_of(name), bytes};
	uint8_t raw[HASH_SHA256];
	char digest[KEPT_DIGEST];

	hash_sha256(bytes.p, bytes.n, raw);
	hex(raw, digest);
	return put(root, digest, &part, 1, e);
}

char *kept_folder(const char *root, const char *digest)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s/%s", root, digest);
	return (char *)(uintptr_t)buf_text(&b);
}

/* Folders of "units=DIGEST,banks=DIGEST", NULL-terminated; to be freed with fsys_list_free. */
static char **table_folders(const char *root, struct span tables)
{
	char **list = mem_new(sizeof *list);
	unsigned n = 0;

	while (tables.n) {
		const char *comma = memchr(tables.p, ',', tables.n);
		size_t len = comma ? (size_t)(comma - tables.p) : tables.n;
		const char *equals = memchr(tables.p, '=', len);

		if (equals) {
			char *digest = mem_text((struct span){equals + 1, len - (size_t)(equals + 1 - tables.p)});

			list = mem_grow(list, n + 2u, sizeof *list);
			list[n++] = kept_folder(root, digest);
			list[n] = NULL;
			free(digest);
		}
		len += comma != NULL;
		tables = (struct span){tables.p + len, tables.n - len};
	}
	return list;
}

bool kept_is_that(const struct form *f, struct span digest, struct span tables)
{
	struct buf b = BUF_INIT;
	bool is;

	hash_hex(&b, f->digest, HASH_SHA256);
	is = span_eq(buf_as_span(&b), digest);
	buf_clear(&b);
	form_tables_text(f, &b);
	is = is && (!tables.n || span_eq(buf_as_span(&b), tables));
	buf_done(&b);
	return is;
}

struct form *kept_form_of(const struct library *l, const char *root, const char *forms, struct span digest,
	struct span tables, struct library **ret_library)
{
	char **folders = table_folders(root, tables);
	struct library *own = library_before(l, (const char *const *)folders);
	struct buf path = BUF_INIT;
	struct findings quiet;
	struct form *form;

	findings_init(&quiet);
	buf_printf(&path, "%s/%.*s.yaml", forms, SPAN_F(digest));
	form = form_load(own, buf_text(&path), &quiet);
	findings_done(&quiet);
	buf_done(&path);
	fsys_list_free(folders);
	if (form && kept_is_that(form, digest, tables)) {
		*ret_library = own;
		return form;
	}
	form_free(form);
	library_free(own);
	return NULL;
}
