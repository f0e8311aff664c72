/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cases.h"
#include "fsys.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

struct testing {
	struct library *library;
	struct cases_files *files;   /* what --update would write; NULL without it */
	struct cases_cover *cover;   /* of the form under way */
	unsigned forms, cases, failed;
	int code;
};

/* ".../payroll/pipe/batch.yaml" has its cases in ".../payroll/pipe/cases/batch". */
static void cases_folder(struct buf *b, const char *form_path)
{
	const char *slash = strrchr(form_path, '/'), *name = slash ? slash + 1 : form_path;

	buf_printf(b, "%.*scases/%.*s", (int)(name - form_path), form_path, (int)(strlen(name) - strlen(".yaml")), name);
}

/* Names of the folders in a folder; NULL when there is none. */
static char **list_cases(const char *dir)
{
	struct err ignored;
	char **names = NULL;
	int fd;

	if (fsys_open_dir(AT_FDCWD, dir, &fd, &ignored) != 0)
		return NULL;
	if (fsys_list(fd, ".", &names, &ignored) != 0)
		names = NULL;
	close(fd);
	return names;
}

static void failed(struct testing *t, int code)
{
	t->failed++;
	t->code = code > t->code ? code : t->code;
}

static void run_case(struct testing *t, const struct form *form, const char *dir, const char *shown)
{
	struct cases_run run = {t->library, form, t->cover, t->files};
	struct err e;
	int got = form->outward ? cases_run_out(&run, dir, shown, &e) : cases_run_in(&run, dir, shown, &e);

	t->cases++;
	if (got < 0)
		failed(t, verb_failed(&e));
	else if (got == 0)
		failed(t, 1);
}

static struct form *load(struct testing *t, const char *path)
{
	struct findings f;
	struct form *form;

	findings_init(&f);
	form = form_load(t->library, path, &f);
	if (!form) {
		findings_print(&f, say_lang(), 0, stderr);
		failed(t, 3);
	}
	findings_done(&f);
	return form;
}

static void say_form(const struct testing *t, const char *name, unsigned cases)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, say("%s：%u 个用例", "%s: %u cases"), name, cases);
	if (cases)
		cases_cover_show(t->cover, &b);
	buf_c(&b, '\n');
	show_flush(&b, stdout);
	buf_done(&b);
}

static void run_form(struct testing *t, const char *name, const char *path)
{
	struct buf dir = BUF_INIT, one = BUF_INIT, shown = BUF_INIT;
	struct form *form = NULL;
	char **cases;
	unsigned before = t->cases;

	cases_folder(&dir, path);
	cases = list_cases(buf_text(&dir));
	for (char **at = cases; at && *at; at++) {
		struct err ignored;
		int fd;

		buf_clear(&one);
		buf_printf(&one, "%s/%s", buf_text(&dir), *at);
		if (fsys_open_dir(AT_FDCWD, buf_text(&one), &fd, &ignored) != 0)
			continue;                /* a README */
		close(fd);
		if (!form) {
			form = load(t, path);
			t->cover = form ? cases_cover_new(form) : NULL;
		}
		if (!form)
			break;
		buf_clear(&shown);
		buf_printf(&shown, "%s/%s", name, *at);
		run_case(t, form, buf_text(&one), buf_text(&shown));
	}
	t->forms += t->cases > before;
	say_form(t, name, t->cases - before);
	fsys_list_free(cases);
	cases_cover_free(t->cover);
	t->cover = NULL;
	form_free(form);
	buf_done(&dir);
	buf_done(&one);
	buf_done(&shown);
}

/* A word means the form of that name, or all below it: "payroll/pipe", "payroll". */
static bool wanted(const struct args *a, const char *form)
{
	for (unsigned i = 0; i < a->nwords; i++) {
		size_t n = strlen(a->words[i]);

		if (strncmp(form, a->words[i], n) == 0 && (form[n] == 0 || form[n] == '/'))
			return true;
	}
	return !a->nwords;
}

static bool known(const char *word, char *const *forms)
{
	size_t n = strlen(word);

	for (; *forms; forms++)
		if (strncmp(*forms, word, n) == 0 && ((*forms)[n] == 0 || (*forms)[n] == '/'))
			return true;
	return n > 5 && strcmp(word + n - 5, ".yaml") == 0;
}

static int check_words(const struct args *a, char *const *forms)
{
	struct err e;

	for (unsigned i = 0; i < a->nwords; i++)
		if (!known(a->words[i], forms)) {
			err_set(&e, E_CASE_NONE, "name=%s", a->words[i]);
			return verb_failed(&e);
		}
	return 0;
}

static void run_forms(struct testing *t, const struct args *a, char *const *forms)
{
	for (; *forms; forms++) {
		struct findings quiet;
		char *path;

		if (!wanted(a, *forms))
			continue;
		findings_init(&quiet);
		path = library_form(t->library, span_of(*forms), "", NULL, &quiet);
		findings_done(&quiet);
		if (path)
			run_form(t, *forms, path);
		free(path);
	}
	for (unsigned i = 0; i < a->nwords; i++)
		if (span_ends(span_of(a->words[i]), SPAN(".yaml")))
			run_form(t, a->words[i], a->words[i]);
}

static void say_result(const struct testing *t)
{
	if (!t->cases)
		fprintf(stderr, "%s\n", say("没有用例：用例放在报文格式旁的 cases/<报文>/<用例>/",
			"there are no cases: they lie in cases/<form>/<case>/ beside a form"));
	else
		fprintf(stderr, say("报文格式 %u 个，用例 %u 个，%u 个不符\n", "%u forms, %u cases, %u differ\n"), t->forms,
			t->cases, t->failed);
}

/* On a terminal a person decides, having seen what differs; elsewhere only --yes does. 1, 0, -1 without either. */
static int agreed(const struct args *a, unsigned n)
{
	char answer[16] = "";

	if (a->yes)
		return 1;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return -1;
	fprintf(stderr, say("上面的不同之处都对吗？写入 %u 个预期文件？[y/N] ", "Is all of the above right? Write %u expected files? [y/N] "), n);
	return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static void update(struct testing *t, const struct args *a)
{
	unsigned n = cases_files_count(t->files), written = 0;
	int agree = n ? agreed(a, n) : 0;
	struct err e;

	if (agree < 0) {
		err_set(&e, E_CASE_UPDATE, "count=%u", n);
		t->code = verb_failed(&e);
		return;
	}
	if (agree && cases_files_write(t->files, &written, &e) != 0)
		t->code = verb_failed(&e);
	else if (agree && t->failed == n)
		t->code = 0;
	fprintf(stderr, say("写入预期文件 %u 个；输入文件没有动\n", "%u expected files were written; no input file was touched\n"), written);
}

int verb_test(const struct args *a)
{
	struct testing t = {.files = a->update ? cases_files_new() : NULL};
	struct site *s;
	char **forms;
	int code = 0;

	t.library = verb_library(a, &s, &code);
	if (!t.library) {
		cases_files_free(t.files);
		return code;
	}
	/* A case says the same on every machine, so a site lends its dialects and not its values. */
	verb_stand_in(t.library);
	forms = library_forms(t.library);
	t.code = check_words(a, forms);
	if (!t.code) {
		run_forms(&t, a, forms);
		say_result(&t);
		if (t.files)
			update(&t, a);
	}
	fsys_list_free(forms);
	cases_files_free(t.files);
	if (s)
		site_free(s);
	else
		library_free(t.library);
	return t.code;
}
