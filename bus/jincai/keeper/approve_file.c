/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "approve.h"
#include "fsys.h"

/* The folder of a path, open; *ret_name is its last part. */
static int open_folder(const char *path, int *ret_fd, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? mem_text((struct span){path, slash == path ? 1 : (size_t)(slash - path)}) : mem_text(SPAN("."));

	*ret_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*ret_name = slash ? slash + 1 : path;
	free(folder);
	if (*ret_fd >= 0)
		return 0;
	return err_set(e, E_FILE_MISSING, "file=%s", path);
}

static int put(const char *path, const char *more, struct span bytes, struct err *e)
{
	struct buf name = BUF_INIT;
	const char *last;
	int fd, ret;

	if (open_folder(path, &fd, &last, e) != 0)
		return -1;
	buf_printf(&name, "%s%s", last, more);
	ret = last[0] ? fsys_put(fd, buf_text(&name), bytes, e) : err_set(e, E_FILE_NOT_REGULAR, "file=%s", path);
	close(fd);
	buf_done(&name);
	return ret;
}

int approve_save(const char *path, const json_t *file, struct err *e)
{
	char *text = json_dumps(file, JSON_COMPACT);
	int ret = put(path, "", span_of(text), e);

	free(text);
	return ret;
}

static json_t *people_of(const struct people *p)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < people_count(p); i++) {
		const struct people_member *m = people_at(p, i);
		struct buf hex = BUF_INIT;
		uint8_t digest[HASH_SHA256];

		if ((m->role != PEOPLE_HANDLER && m->role != PEOPLE_CHECKER) || !m->key)
			continue;
		sign_key_digest(m->key, digest);
		hash_hex(&hex, digest, sizeof digest);
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s}", "name", m->name, "role", people_role_name(m->role), "key",
				buf_text(&hex)));
		buf_done(&hex);
	}
	return list;
}

int approve_export(const char *path, struct span order, const struct people *p, struct err *e)
{
	json_t *file = json_pack("{s:s, s:s%, s:o, s:[]}", "jincai", "approve", "order", order.p, order.n, "people",
		people_of(p), "approvals");
	struct buf page = BUF_INIT;
	int ret = !file ? err_set(e, E_APPROVE_ORDER, "%s", "") : approve_page(order, &page, e);

	if (ret == 0)
		ret = approve_save(path, file, e);
	if (ret == 0)
		ret = put(path, ".txt", buf_as_span(&page), e);
	json_decref(file);
	buf_done(&page);
	return ret;
}

static bool is_export(const json_t *file)
{
	const char *kind = json_string_value(json_object_get(file, "jincai"));
	const json_t *list = json_object_get(file, "approvals"), *one;
	size_t i;

	if (!kind || strcmp(kind, "approve") != 0 || !json_is_string(json_object_get(file, "order")) ||
		!json_is_array(list))
		return false;
	json_array_foreach(list, i, one)
		if (!json_is_string(json_object_get(one, "name")) || !json_is_string(json_object_get(one, "signature")))
			return false;
	return i <= PEOPLE_MAX;
}

int approve_load(const char *path, json_t **ret, struct err *e)
{
	struct buf text = BUF_INIT;
	json_t *file = NULL;

	if (fsys_get(AT_FDCWD, path, APPROVE_FILE_MAX, &text, e) != 0) {
		buf_done(&text);
		return -1;
	}
	file = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
	buf_done(&text);
	if (!is_export(file)) {
		json_decref(file);
		return err_set(e, E_APPROVE_FILE, "file=%s", path);
	}
	*ret = file;
	return 0;
}

struct span approve_order(const json_t *file)
{
	return span_of(json_string_value(json_object_get(file, "order")));
}

void approve_put(json_t *file, const char *name, struct span signature)
{
	json_t *list = json_object_get(file, "approvals");

	for (size_t i = json_array_size(list); i-- > 0;) {
		const char *other = json_string_value(json_object_get(json_array_get(list, i), "name"));

		if (strcmp(other, name) == 0)
			json_array_remove(list, i);
	}
	json_array_append_new(list, json_pack("{s:s, s:s%}", "name", name, "signature", signature.p, signature.n));
}

const char *approve_name_of(const json_t *file, const struct sign_key *k)
{
	const json_t *list = json_object_get(file, "people"), *one;
	const char *found = NULL;
	struct buf hex = BUF_INIT;
	uint8_t digest[HASH_SHA256];
	size_t i;

	sign_key_digest(k, digest);
	hash_hex(&hex, digest, sizeof digest);
	json_array_foreach(list, i, one) {
		const char *key = json_string_value(json_object_get(one, "key"));

		if (key && !found && span_is(buf_as_span(&hex), key))
			found = json_string_value(json_object_get(one, "name"));
	}
	buf_done(&hex);
	return found;
}
