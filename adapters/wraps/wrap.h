/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_WRAP_H
#define JC_WRAP_H

#include "codec.h"
#include "window.h"

/*
 * Wraps: a layer around a document, between the file and its codec: a compression, an archive, a frame. Only taken off,
 * never put on. One .c file and one row of wrap_table each; a wrap knows nothing of forms, rows and other wraps.
 *
 * The file is kept and digested as it came. Lines and offsets of rows are those of the document inside. To go on at an
 * offset everything is unwrapped anew and what lies before it is skipped: what stood there once stands there again.
 *
 * Streaming: memory does not grow with the file (of a frame, one at a time is held). So bytes are given before the end
 * is seen, where a checksum or a directory may still prove them wrong: who acts on a document reads it to the end first.
 * An end is told only when the input has ended, too; nothing may stand behind it.
 */
#define WRAP_OUT_MAX (UINT64_C(4) << 30)       /* bytes that one wrap gives: wrap.too_large */
#define WRAP_RATIO_MAX 200u                    /* bytes that it may give for each byte taken in: wrap.ratio; ... */
#define WRAP_RATIO_FROM (UINT64_C(1) << 20)    /* ... the first MiB is free */
#define WRAPS_MAX 4u                           /* one around the other, in one form */

struct wrap_format;                  /* compiled settings of one wrap; a wrap's own struct begins with it */
struct wrap_reader;

/* What a wrap may need to know of the form and the site. */
struct wrap_setup {
	enum charset charset;        /* of the document */
	const char *keys;            /* folder with secrets; "": the site has none; NULL: no site, see wrap_secret */
};

struct wrap {
	const char *name;            /* in `wraps:` */
	size_t most;                 /* bytes that it asks its window for in one piece */
	/* Compiles settings (NULL: the form gives none); node is where the wrap is named. NULL with findings. */
	struct wrap_format *(*compile)(struct conf *node, struct conf *settings, const struct wrap_setup *s,
		struct findings *f);
	void (*format_free)(struct wrap_format *f);
	/* Begins a reader (its base is filled by the caller); cannot fail, and reads nothing. */
	struct wrap_reader *(*open)(const struct wrap_format *f);
	/* Gives at most cap bytes (cap > 0) of what is inside; *ret_n = 0 is the end. Errors of the input pass as they
	 * are, and the call can be made again; its own are ERR_DATA with {wrap} and {byte}, the place in its input from
	 * 0, and it is not asked again. All that it makes, given or not, goes through wrap_made first. */
	int (*give)(struct wrap_reader *r, char *p, size_t cap, size_t *ret_n, struct err *e);
	void (*close)(struct wrap_reader *r);
};

struct wrap_format {
	const struct wrap *wrap;
};

struct wrap_reader {
	const struct wrap *wrap;
	struct window in;
	uint64_t made;
};

/* ---- for wraps ---- */

/* Sets one of the codes that need no more than the place (byte is that of the window). Returns -1. */
int wrap_error(const struct wrap_reader *r, enum err_id id, struct err *e);
/* Counts n bytes more that were made out of the input: wrap.too_large {max}, wrap.ratio {max}. */
int wrap_made(struct wrap_reader *r, size_t n, struct err *e);
/* Asks for n bytes; fewer at the end of the input are wrap.truncated (byte is where it ends). */
int wrap_need(struct wrap_reader *r, size_t n, struct err *e);
/* 1 when the input has ended, 0 when not, -1. */
int wrap_at_end(struct wrap_reader *r, struct err *e);
/* The secret in the file that node names, without an end of line behind it. Without a site the name itself is the secret: so
 * samples and cases can be made and tried anywhere, and nothing real is believed. Findings: wrap.secret_name {name},
 * wrap.no_keys {name}, wrap.secret_empty {file}, file.*. */
void wrap_secret(const struct conf *node, const struct wrap_setup *s, struct buf *ret, struct findings *f);

/* Rows by name; NULL-terminated list of pointers. */
extern const struct wrap *const wrap_table[];
extern const struct wrap wrap_zip, wrap_gz, wrap_base64, wrap_frame;

/* ---- for who reads documents: what a form says in `wraps:` ---- */

struct wrap_list;                    /* compiled, outermost first */

/* node is the value of `wraps:`, a list of NAME or {NAME: {...}}. NULL with findings: form.wrap {got}{near},
 * form.wraps_many {max}, and those of the wraps. */
struct wrap_list *wrap_list_compile(struct conf *node, const struct wrap_setup *s, struct findings *f);
void wrap_list_free(struct wrap_list *l);

struct wrap_chain;

/* An input over in (borrowed), which stands at the beginning of the file. offset: where the document is to be read from;
 * skipping happens with the first bytes that are asked for. */
struct wrap_chain *wrap_chain_open(const struct wrap_list *l, struct codec_input *in, uint64_t offset);
/* Its fill asked again after an ERR_DATA fails again. */
struct codec_input *wrap_chain_input(struct wrap_chain *c);
/* Reads what is left, so that every checksum and every end is looked at. */
int wrap_chain_finish(struct wrap_chain *c, struct err *e);
void wrap_chain_close(struct wrap_chain *c);

/*
 * zip: {name: "*.txt", besides: ["*.pdf"]}
 *
 * A ZIP archive (APPNOTE 6.3) that holds one document: the entry whose name fits `name` (`*` is anything but `/`, `?` a
 * character); left out, the only one. Entries that fit `besides`, and folders, may stand there too; any other is an error, and so
 * is a second one that fits. Names are UTF-8, or else GB18030. Stored and deflated entries, with data descriptors and ZIP64;
 * at most 1000. It is read from its begin on, so the entries are what counts; each must stand in the directory behind them
 * with the same name, place, sizes and checksum, and nothing else: two programs must not see two documents in one file.
 * Errors, with {entry}: wrap.zip_none {name}, wrap.zip_several, wrap.zip_other, wrap.zip_encrypted, wrap.zip_method (another
 * one, or stored without a length), wrap.zip_name (absolute, with `..`, controls), wrap.zip_entries {max},
 * wrap.zip_directory, wrap.not, wrap.truncated, wrap.corrupt, wrap.checksum, wrap.behind.
 *
 * gz (RFC 1952): members one behind the other are one document. Errors: wrap.not {hex}, wrap.truncated, wrap.corrupt,
 * wrap.checksum, wrap.behind.
 *
 * base64 (RFC 4648, section 4): blanks, tabs and ends of line anywhere; filled up with `=`, and nothing behind that.
 * Errors: wrap.base64 {hex} (no character of it), wrap.truncated, wrap.behind.
 *
 * frame: {length: bytes|characters, head: {app: 8, version: 3, message: 4}, expect: {version: "1.0"}, mac: none|sha256,
 *         token: NAME}
 *
 * As messages of non-tax revenue are sent ("CNNONTAX"): 8 characters of length, digits on the left, filled up with blanks,
 * counting all of the frame and themselves; the fields of the head, ASCII of fixed widths; the body; with sha256, 64 hex digits
 * of SHA-256 over the secret and the body. Frames stand one behind the other, at least one; their bodies are the document, and
 * of each nothing is given before it is proved. `characters` counts those of the form's charset, one beyond U+FFFF as two, as
 * programs do that keep text as UTF-16: one peer counts so, another bytes, and which one is the form's to say. A frame has
 * 16 MiB at most.
 * Errors, {byte} being where the frame begins or the field stands, {frame} its number: wrap.frame_length {frame},
 * wrap.frame_large {max}, wrap.frame_field {frame}{name}{want}{got}, wrap.frame_mac {frame}, wrap.not, wrap.truncated,
 * wrap.behind, wrap.corrupt (no character, or the length ends inside one). Findings: wrap.frame_fields {max}{bytes},
 * wrap.frame_expect {name}{width}, conf.*, and those of wrap_secret.
 */

#endif
