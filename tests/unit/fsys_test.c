/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fsys.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/*
 * The disk as it can be: calls of the C library that the module makes are taken here first, so that a full disk, a
 * broken one and a file system without RENAME_NOREPLACE need no real one, and each sync is seen.
 */
static struct disk {
	int fsync_errno, renameat2_errno, renameat_errno, write_errno, interrupts;
	int unlink_errno;                    /* once */
	size_t write_most;
	char log[4096];
} disk;

static void note(const char *what)
{
	strncat(disk.log, what, sizeof disk.log - strlen(disk.log) - 1);
}

int fsync(int fd)
{
	struct stat st;

	if (disk.interrupts && disk.interrupts--) {
		errno = EINTR;
		return -1;
	}
	if (disk.fsync_errno) {
		errno = disk.fsync_errno;
		return -1;
	}
	if (fstat(fd, &st) == 0)
		note(S_ISDIR(st.st_mode) ? "sync-folder " : "sync-file ");
	return (int)syscall(SYS_fsync, fd);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	if (disk.renameat2_errno) {
		errno = disk.renameat2_errno;
		return -1;
	}
	note("rename-new ");
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	if (disk.renameat_errno) {
		errno = disk.renameat_errno;
		return -1;
	}
	note("rename ");
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int unlinkat(int dirfd, const char *path, int flags)
{
	if (disk.unlink_errno) {
		errno = disk.unlink_errno;
		disk.unlink_errno = 0;
		return -1;
	}
	return (int)syscall(SYS_unlinkat, dirfd, path, flags);
}

ssize_t write(int fd, const void *p, size_t n)
{
	if (disk.interrupts && disk.interrupts--) {
		errno = EINTR;
		return -1;
	}
	if (disk.write_errno) {
		errno = disk.write_errno;
		return -1;
	}
	return syscall(SYS_write, fd, p, disk.write_most && disk.write_most < n ? disk.write_most : n);
}

struct place {
	char path[64];
	int fd;
};

static int setup(void **state)
{
	struct place *t = calloc(1, sizeof *t);

	if (!t)
		return -1;
	strcpy(t->path, "/tmp/fsys-test-XXXXXX");
	if (!mkdtemp(t->path))
		return -1;
	t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	disk = (struct disk){0};
	*state = t;
	return t->fd < 0 ? -1 : 0;
}

static void empty(int dirfd)
{
	DIR *d = fdopendir(dirfd);
	const struct dirent *entry;

	while (d && (entry = readdir(d))) {
		int fd;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		fd = openat(dirfd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			empty(fd);
		unlinkat(dirfd, entry->d_name, fd >= 0 ? AT_REMOVEDIR : 0);
	}
	if (d)
		closedir(d);
}

static int teardown(void **state)
{
	struct place *t = *state;

	disk = (struct disk){0};
	empty(t->fd);
	rmdir(t->path);
	free(t);
	return 0;
}

static void make_file(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(syscall(SYS_write, fd, text, strlen(text)), (long)strlen(text));
	close(fd);
}

static void holds(int dirfd, const char *name, const char *text)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	OK(e, fsys_get(dirfd, name, 1000, &b, &e));
	assert_span(buf_as_span(&b), text);
	buf_done(&b);
}

static void names_are(int dirfd, const char *want)
{
	char **names;
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	OK(e, fsys_list(dirfd, ".", &names, &e));
	for (char **at = names; *at; at++)
		buf_printf(&b, "%s%s", at == names ? "" : " ", *at);
	assert_string_equal(buf_text(&b), want);
	fsys_list_free(names);
	buf_done(&b);
}

static void closed_on_exec(int fd)
{
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void a_folder_is_opened_but_no_link_and_no_file(void **state)
{
	const struct place *t = *state;
	struct err e = ERR_INIT;
	int fd = -7;

	assert_int_equal(mkdirat(t->fd, "real", 0700), 0);
	assert_int_equal(symlinkat("real", t->fd, "link"), 0);
	make_file(t->fd, "file", "");
	OK(e, fsys_open_dir(t->fd, "real", &fd, &e));
	closed_on_exec(fd);
	fd = -7;
	FAILS(e, "file.link", fsys_open_dir(t->fd, "link", &fd, &e));
	FAILS(e, "file.failed", fsys_open_dir(t->fd, "file", &fd, &e));
	FAILS(e, "file.missing", fsys_open_dir(t->fd, "none", &fd, &e));
	assert_string_equal(err_arg(&e, "file"), "none");
	assert_int_equal(fd, -7);
}

static void a_folder_is_made_once_and_its_parent_synced(void **state)
{
	const struct place *t = *state;
	struct err e = ERR_INIT;
	struct stat st;
	int fd;

	for (int i = 0; i < 2; i++) {
		disk.log[0] = 0;
		OK(e, fsys_make_dir(t->fd, "made", &fd, &e));
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0700);
		closed_on_exec(fd);
		assert_string_equal(disk.log, "sync-folder ");
	}
	FAILS(e, "file.missing", fsys_make_dir(t->fd, "no/such", &fd, &e));
	make_file(t->fd, "file", "");
	FAILS(e, "file.failed", fsys_make_dir(t->fd, "file", &fd, &e));
	assert_int_equal(symlinkat("made", t->fd, "link"), 0);
	FAILS(e, "file.link", fsys_make_dir(t->fd, "link", &fd, &e));
	disk.fsync_errno = EIO;
	FAILS(e, "disk.failed", fsys_make_dir(t->fd, "made", &fd, &e));
}

static void a_path_is_made_whole(void **state)
{
	static const char *const rows[] = {"/a/b/c", "//d///e/", "/a", "/a/b/c"};
	const struct place *t = *state;
	struct err e = ERR_INIT;
	char path[100];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stat st;

		snprintf(path, sizeof path, "%s%s", t->path, rows[i]);
		OK(e, fsys_make_path(path, &e));
		assert_int_equal(stat(path, &st), 0);
		assert_true(S_ISDIR(st.st_mode));
	}
	OK(e, fsys_make_path("/", &e));
	FAILS(e, "file.missing", fsys_make_path("", &e));
	make_file(t->fd, "file", "");
	snprintf(path, sizeof path, "%s/file/x", t->path);
	FAILS(e, "file.failed", fsys_make_path(path, &e));
}

static void every_new_name_of_a_path_is_synced(void **state)
{
	const struct place *t = *state;
	struct err e = ERR_INIT;
	int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(back >= 0 && fchdir(t->fd) == 0);
	OK(e, fsys_make_path("a/b/c", &e));
	assert_int_equal(fchdir(back), 0);
	close(back);
	assert_string_equal(disk.log, "sync-folder sync-folder sync-folder ");
}

static void all_is_written_in_small_pieces_too(void **state)
{
	const struct place *t = *state;
	struct err e = ERR_INIT;
	int fd = openat(t->fd, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	disk.write_most = 3;
	disk.interrupts = 2;
	OK(e, fsys_write(fd, "0123456789", 10, "f", &e));
	OK(e, fsys_write(fd, NULL, 0, "f", &e));
	disk.write_most = 0;
	holds(t->fd, "f", "0123456789");
	close(fd);
}

static void a_full_disk_may_be_tried_again(void **state)
{
	struct err e = ERR_INIT;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		skip();
	FAILS(e, "disk.full", fsys_write(fd, "x", 1, "/dev/full", &e));
	assert_int_equal(err_kind(&e), ERR_RETRY);
	assert_string_equal(err_arg(&e, "file"), "/dev/full");
	close(fd);
}

static void each_reason_has_its_code(void **state)
{
	static const struct {
		int why;
		const char *code;
		enum err_kind kind;
	} rows[] = {
		{ENOSPC, "disk.full", ERR_RETRY},
		{EDQUOT, "disk.full", ERR_RETRY},
		{EIO, "disk.failed", ERR_HALT},
		{ENOENT, "file.missing", ERR_CONF},
		{EACCES, "file.denied", ERR_CONF},
		{EPERM, "file.denied", ERR_CONF},
		{EROFS, "file.denied", ERR_CONF},
		{EEXIST, "file.exists", ERR_CONF},
		{EXDEV, "file.other_device", ERR_CONF},
		{ELOOP, "file.link", ERR_CONF},
		{ENAMETOOLONG, "file.failed", ERR_CONF},
	};
	const struct place *t = *state;
	struct err e;

	for (size_t i = 0; i < COUNT(rows); i++) {
		disk.renameat2_errno = rows[i].why;
		FAILS(e, rows[i].code, fsys_rename_new(t->fd, "a", t->fd, "b", "shown/b", &e));
		assert_int_equal(err_kind(&e), rows[i].kind);
		assert_string_equal(err_arg(&e, "file"), "shown/b");
	}
}

static void a_failed_sync_is_never_tried_again(void **state)
{
	static const int whys[] = {EIO, ENOSPC, EDQUOT};
	const struct place *t = *state;
	struct err e = ERR_INIT;

	disk.interrupts = 2;
	OK(e, fsys_sync(t->fd, "f", &e));
	for (size_t i = 0; i < COUNT(whys); i++) {
		disk.fsync_errno = whys[i];
		FAILS(e, "disk.failed", fsys_sync(t->fd, "f", &e));
		FAILS(e, "disk.failed", fsys_sync_dir(t->fd, "f", &e));
		assert_int_equal(err_kind(&e), ERR_HALT);
	}
	disk.fsync_errno = EINVAL;
	FAILS(e, "file.failed", fsys_sync(t->fd, "f", &e));
}

/* i = 0: as the kernel does it; 1: on a file system that cannot. */
static void a_rename_never_replaces(void **state)
{
	const struct place *t = *state;
	struct err e = ERR_INIT;

	for (int i = 0; i < 2; i++) {
		disk.renameat2_errno = i ? EINVAL : 0;
		make_file(t->fd, "from", "new");
		make_file(t->fd, "taken", "old");
		FAILS(e, "file.exists", fsys_rename_new(t->fd, "from", t->fd, "taken", "taken", &e));
		holds(t->fd, "from", "new");
		holds(t->fd, "taken", "old");
		OK(e, fsys_rename_new(t->fd, "from", t->fd, "free", "free", &e));
		names_are(t->fd, "free taken");
		holds(t->fd, "free", "new");
		FAILS(e, "file.missing", fsys_rename_new(t->fd, "from", t->fd, "other", "other", &e));
		unlinkat(t->fd, "free", 0);
		assert_int_equal(symlinkat("nowhere", t->fd, "dangling"), 0);
		make_file(t->fd, "from", "new");
		FAILS(e, "file.exists", fsys_rename_new(t->fd, "from", t->fd, "dangling", "d", &e));
		unlinkat(t->fd, "dangling", 0);
	}
}

static void a_link_that_could_not_become_a_rename_is_taken_back(void **state)
{
	const struct place *t = *state;
	struct err e = ERR_INIT;

	disk.renameat2_errno = EINVAL;
	disk.unlink_errno = EACCES;
	make_file(t->fd, "from", "new");
	FAILS(e, "file.denied", fsys_rename_new(t->fd, "from", t->fd, "to", "to", &e));
	names_are(t->fd, "from");
}

static void another_device_is_refused(void **state)
{
	const struct place *t = *state;
	struct err e = ERR_INIT;
	struct stat here, there;
	int shm = open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (shm < 0 || fstat(shm, &there) || fstat(t->fd, &here) || here.st_dev == there.st_dev)
		skip();
	make_file(t->fd, "from", "new");
	FAILS(e, "file.other_device", fsys_rename_new(t->fd, "from", shm, "fsys-test", "fsys-test", &e));
	holds(t->fd, "from", "new");
	close(shm);
}

static void a_name_exists_when_something_has_it(void **state)
{
	const struct place *t = *state;

	assert_false(fsys_exists(t->fd, "x"));
	assert_int_equal(symlinkat("nowhere", t->fd, "x"), 0);
	assert_true(fsys_exists(t->fd, "x"));
	assert_true(fsys_exists(AT_FDCWD, t->path));
}

static void a_file_is_put_whole_and_synced_around_the_rename(void **state)
{
	const struct place *t = *state;
	struct err e = ERR_INIT;
	struct stat st;

	OK(e, fsys_put(t->fd, "f", SPAN("first"), &e));
	disk.log[0] = 0;
	disk.write_most = 2;
	OK(e, fsys_put(t->fd, "f", SPAN("second"), &e));
	assert_string_equal(disk.log, "sync-file rename sync-folder ");
	holds(t->fd, "f", "second");
	names_are(t->fd, "f");
	assert_int_equal(fstatat(t->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	OK(e, fsys_put(t->fd, "f", SPAN_NONE, &e));
	holds(t->fd, "f", "");
}

static void a_put_that_fails_leaves_the_old_file(void **state)
{
	static const struct {
		const char *name;
		struct disk disk;
		const char *code;
	} rows[] = {
		{"no room to write", {.write_errno = ENOSPC}, "disk.full"},
		{"no room at the sync", {.fsync_errno = ENOSPC}, "disk.full"},
		{"broken at the sync", {.fsync_errno = EIO}, "disk.failed"},
		{"no rename", {.renameat_errno = EACCES}, "file.denied"},
	};
	const struct place *t = *state;
	char longest[256];
	struct err e = ERR_INIT;

	OK(e, fsys_put(t->fd, "f", SPAN("old"), &e));
	for (size_t i = 0; i < COUNT(rows); i++) {
		disk = rows[i].disk;
		FAILS(e, rows[i].code, fsys_put(t->fd, "f", SPAN("new"), &e));
		assert_string_equal(err_arg(&e, "file"), "f");
		holds(t->fd, "f", "old");
		names_are(t->fd, "f");
	}
	memset(longest, 'x', 255);
	longest[255] = 0;
	FAILS(e, "file.failed", fsys_put(t->fd, longest, SPAN("new"), &e));
}

static void what_a_dead_process_left_is_no_obstacle(void **state)
{
	const struct place *t = *state;
	char temp[64];
	struct err e = ERR_INIT;

	snprintf(temp, sizeof temp, ".f.%ld.tmp", (long)getpid());
	make_file(t->fd, "other", "untouched");
	assert_int_equal(symlinkat("other", t->fd, temp), 0);
	OK(e, fsys_put(t->fd, "f", SPAN("new"), &e));
	holds(t->fd, "f", "new");
	holds(t->fd, "other", "untouched");
	names_are(t->fd, "f other");
}

static void a_file_is_read_up_to_its_limit(void **state)
{
	const struct place *t = *state;
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct span big;
	char *p = malloc(200001);

	assert_non_null(p);
	memset(p, 'z', 200001);
	big = (struct span){p, 200001};
	make_file(t->fd, "f", "0123456789");
	make_file(t->fd, "none", "");
	assert_int_equal(symlinkat("f", t->fd, "link"), 0);
	buf_str(&b, "before ");
	FAILS(e, "file.too_large", fsys_get(t->fd, "f", 9, &b, &e));
	assert_string_equal(err_arg(&e, "max"), "9");
	FAILS(e, "file.too_large", fsys_get(t->fd, "f", 0, &b, &e));
	FAILS(e, "file.missing", fsys_get(t->fd, "missing", 9, &b, &e));
	assert_span(buf_as_span(&b), "before ");
	OK(e, fsys_get(t->fd, "none", 0, &b, &e));
	OK(e, fsys_get(t->fd, "f", 10, &b, &e));
	OK(e, fsys_get(t->fd, "link", 11, &b, &e));
	assert_span(buf_as_span(&b), "before 01234567890123456789");
	OK(e, fsys_put(t->fd, "big", big, &e));
	buf_clear(&b);
	FAILS(e, "file.too_large", fsys_get(t->fd, "big", big.n - 1, &b, &e));
	OK(e, fsys_get(t->fd, "big", big.n, &b, &e));
	assert_true(span_eq(buf_as_span(&b), big));
	free(p);
	buf_done(&b);
}

static void what_is_no_file_is_not_read(void **state)
{
	const struct place *t = *state;
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(mkfifoat(t->fd, "fifo", 0600), 0);
	FAILS(e, "file.not_regular", fsys_get(t->fd, "fifo", 9, &b, &e));
	FAILS(e, "file.not_regular", fsys_get(t->fd, ".", 9, &b, &e));
	FAILS(e, "file.not_regular", fsys_get(t->fd, "/dev/zero", 9, &b, &e));
	buf_done(&b);
}

static void names_come_sorted_by_bytes(void **state)
{
	const struct place *t = *state;
	char **names;
	struct err e = ERR_INIT;
	char name[16];
	size_t n;

	names_are(t->fd, "");
	make_file(t->fd, "b", "");
	make_file(t->fd, "\xe8\xb4\xa2", "");
	make_file(t->fd, "B", "");
	make_file(t->fd, ".a", "");
	names_are(t->fd, ".a B b \xe8\xb4\xa2");
	assert_int_equal(mkdirat(t->fd, "many", 0700), 0);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "many/%03d", (i * 7) % 200);
		OK(e, fsys_list(t->fd, "many", &names, &e));
		for (n = 0; names[n]; n++)
			;
		assert_int_equal(n, i);
		fsys_list_free(names);
		make_file(t->fd, name, "");
	}
	OK(e, fsys_list(t->fd, "many", &names, &e));
	for (n = 0; names[n]; n++) {
		snprintf(name, sizeof name, "%03zu", n);
		assert_string_equal(names[n], name);
	}
	assert_int_equal(n, 200);
	fsys_list_free(names);
	fsys_list_free(NULL);
	assert_int_equal(symlinkat("many", t->fd, "link"), 0);
	FAILS(e, "file.link", fsys_list(t->fd, "link", &names, &e));
	FAILS(e, "file.missing", fsys_list(t->fd, "none", &names, &e));
}

static void a_lease_has_one_holder_and_ends_with_its_descriptor(void **state)
{
	const struct place *t = *state;
	int mine = -1, other = -1;
	long pid = -1;
	char text[32];
	struct err e = ERR_INIT;

	make_file(t->fd, "lease", "123456789\n");
	assert_int_equal(fsys_lease(t->fd, "lease", &mine, &pid, &e), 1);
	snprintf(text, sizeof text, "%ld\n", (long)getpid());
	holds(t->fd, "lease", text);
	assert_int_equal(fsys_lease(t->fd, "lease", &other, &pid, &e), 0);
	assert_int_equal(pid, getpid());
	assert_int_equal(other, -1);
	closed_on_exec(mine);     /* and closes it */
	assert_int_equal(fsys_lease(t->fd, "lease", &other, &pid, &e), 1);
	close(other);
	assert_int_equal(symlinkat("lease", t->fd, "to_it"), 0);
	FAILS(e, "file.link", fsys_lease(t->fd, "to_it", &other, &pid, &e));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_folder_is_opened_but_no_link_and_no_file),
		TEST(a_folder_is_made_once_and_its_parent_synced),
		TEST(a_path_is_made_whole),
		TEST(every_new_name_of_a_path_is_synced),
		TEST(all_is_written_in_small_pieces_too),
		TEST(a_full_disk_may_be_tried_again),
		TEST(each_reason_has_its_code),
		TEST(a_failed_sync_is_never_tried_again),
		TEST(a_rename_never_replaces),
		TEST(a_link_that_could_not_become_a_rename_is_taken_back),
		TEST(another_device_is_refused),
		TEST(a_name_exists_when_something_has_it),
		TEST(a_file_is_put_whole_and_synced_around_the_rename),
		TEST(a_put_that_fails_leaves_the_old_file),
		TEST(what_a_dead_process_left_is_no_obstacle),
		TEST(a_file_is_read_up_to_its_limit),
		TEST(what_is_no_file_is_not_read),
		TEST(names_come_sorted_by_bytes),
		TEST(a_lease_has_one_holder_and_ends_with_its_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
