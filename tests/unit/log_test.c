/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "say.h"

/* stderr into a pipe that keeps its packets apart: one read is one write. */
struct caught {
	int saved, from;
};

static struct caught catch_stderr(void)
{
	struct caught c = {dup(STDERR_FILENO), -1};
	int ends[2];

	assert_int_equal(pipe2(ends, O_DIRECT /* a packet a write */ | O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	c.from = ends[0];
	return c;
}

static void release(struct caught *c)
{
	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	close(c->from);
}

/* One line without its end; "" when there is none. */
static void next_line(struct caught *c, char ret[PIPE_BUF + 1])
{
	ssize_t n = read(c->from, ret, PIPE_BUF);

	ret[n > 0 ? n : 0] = 0;
	if (n > 0 && ret[n - 1] == '\n')
		ret[n - 1] = 0;
}

static const char *behind_time(const char *line)
{
	int64_t ms;

	if (strlen(line) < 25 || clock_read((struct span){line, 24}, &ms) != 0)
		return "no time";
	return llabs((long long)(ms - clock_now_ms())) < 60000 ? line + 25 : "another time";
}

static void a_line_is_one_write_with_time_level_and_what(void **state)
{
	struct caught c = catch_stderr();
	char a[PIPE_BUF + 1], b[PIPE_BUF + 1];

	(void)state;
	errno = EDOM;
	log_line(LOG_WARN, "deliver.retry", "id=%s try=%d wait_ms=8000", "x-1", 3);
	assert_int_equal(errno, EDOM);
	next_line(&c, a);
	next_line(&c, b);
	release(&c);
	assert_string_equal(behind_time(a), "level=warn what=deliver.retry id=x-1 try=3 wait_ms=8000");
	assert_string_equal(b, "");
}

static void lines_above_the_level_are_not_written(void **state)
{
	struct caught c = catch_stderr();
	char a[PIPE_BUF + 1], b[PIPE_BUF + 1], none[PIPE_BUF + 1];

	(void)state;
	log_line(LOG_DEBUG, "x", "n=1");
	log_set_level(LOG_DEBUG);
	log_line(LOG_DEBUG, "x", "n=2");
	log_set_level(LOG_ERROR);
	log_line(LOG_WARN, "x", "n=3");
	log_line(LOG_ERROR, "x", "%s", "");
	log_set_level(LOG_INFO);
	next_line(&c, a);
	next_line(&c, b);
	next_line(&c, none);
	release(&c);
	assert_string_equal(behind_time(a), "level=debug what=x n=2");
	assert_string_equal(behind_time(b), "level=error what=x");
	assert_string_equal(none, "");
}

static void an_error_adds_code_place_and_words(void **state)
{
	struct caught c = catch_stderr();
	char a[PIPE_BUF + 1], b[PIPE_BUF + 1];
	struct err e;

	(void)state;
	err_set(&e, E_USAGE, "what=no \"verb\"");
	log_err(LOG_INFO, "main.end", &e, "n=%d", 1);
	err_at(&e, "f 1:2");
	log_err(LOG_INFO, "main.end", &e, "%s", "");
	next_line(&c, a);
	next_line(&c, b);
	release(&c);
	assert_string_equal(behind_time(a), "level=info what=main.end n=1 err=usage why=\"no \\\"verb\\\"\"");
	assert_string_equal(behind_time(b), "level=info what=main.end err=usage at=\"f 1:2\" why=\"no \\\"verb\\\"\"");
}

static void a_value_cannot_begin_a_line_and_a_long_one_is_cut(void **state)
{
	struct caught c = catch_stderr();
	char a[PIPE_BUF + 1], b[PIPE_BUF + 1];
	char *text = calloc(1, 9001);

	(void)state;
	for (size_t i = 0; i < 9000; i += 3)
		memcpy(text + i, "县", 3);
	log_line(LOG_INFO, "x", "v=%s", "a\nlevel=error\x1b[1m");
	log_line(LOG_INFO, "x", "v=%s", text);
	next_line(&c, a);
	next_line(&c, b);
	release(&c);
	assert_string_equal(behind_time(a), "level=info what=x v=a level=error [1m");
	assert_true(strlen(b) >= PIPE_BUF - 4 && strlen(b) < PIPE_BUF);
	assert_string_equal(b + strlen(b) - 3, "县");
	free(text);
}

static void values_are_quoted_when_they_must(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {{"abc", "abc"}, {"收款人", "收款人"}, {"", "\"\""}, {"a b", "\"a b\""}, {"a=b", "\"a=b\""},
		{"a\"b\\", "\"a\\\"b\\\\\""}, {"a\nb", "\"a\\x0ab\""}};
	char t[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(log_quoted(rows[i].text, t, sizeof t), rows[i].want);
	assert_string_equal(log_quoted("收款人", t, 6), "收");
}

static void *write_lines(void *arg)
{
	for (int i = 0; i < 20; i++)
		log_line(LOG_INFO, "x", "v=%0100d", *(int *)arg);
	return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
	struct caught c = catch_stderr();
	pthread_t threads[2];
	int numbers[2] = {1, 2}, seen = 0;
	char line[PIPE_BUF + 1];

	(void)state;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, write_lines, &numbers[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (next_line(&c, line); line[0]; next_line(&c, line))
		seen += strlen(behind_time(line)) == strlen("level=info what=x v=") + 100;
	release(&c);
	/* A pipe of packets has room for sixteen at least. */
	assert_true(seen >= 16);
}

static void the_language_is_taken_from_the_first_variable_that_is_set(void **state)
{
	static const struct {
		const char *all, *messages, *lang;
		enum err_lang want;
	} rows[] = {
		{"", "", "", ERR_EN}, {"", "", "zh_CN.UTF-8", ERR_ZH}, {"C", "", "zh_CN", ERR_EN},
		{"", "zh_CN", "en_US", ERR_ZH}, {"zh", "en", "en", ERR_ZH}, {"", "", "de_DE", ERR_EN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		setenv("LC_ALL", rows[i].all, 1);
		setenv("LC_MESSAGES", rows[i].messages, 1);
		setenv("LANG", rows[i].lang, 1);
		assert_int_equal(say_lang_from_env(), rows[i].want);
	}
	assert_int_equal(say_lang(), ERR_EN);
	assert_string_equal(say("中", "en"), "en");
	say_set_lang(ERR_ZH);
	assert_string_equal(say("中", "en"), "中");
	assert_int_equal(say_lang(), ERR_ZH);
	say_set_lang(ERR_EN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_one_write_with_time_level_and_what),
		cmocka_unit_test(lines_above_the_level_are_not_written),
		cmocka_unit_test(an_error_adds_code_place_and_words),
		cmocka_unit_test(a_value_cannot_begin_a_line_and_a_long_one_is_cut),
		cmocka_unit_test(values_are_quoted_when_they_must),
		cmocka_unit_test(lines_of_several_threads_do_not_mix),
		cmocka_unit_test(the_language_is_taken_from_the_first_variable_that_is_set),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
