/* SPDX-License-Identifier: Apache-2.0 */
#include "xlsx.h"

#include <stdlib.h>

/* A tag, comment or the like that is longer is no workbook's: the parser would keep all of it. */
enum { TOKEN_MAX = 1 << 20, PIECE = 64 << 10, DEPTH_MAX = 64 };

static void doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	struct xlsx_xml *x = arg;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	err_set(&x->bad, E_CODEC_XLSX_XML, "part=%s\nbyte=%llu\ntext=DOCTYPE", x->part,
		(unsigned long long)xlsx_xml_byte(x));
	xlsx_xml_stop(x);
}

static const char *without_prefix(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

static void begins(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct xlsx_xml *x = arg;

	if (x->bad.id != E_NONE)
		return;
	if (++x->depth > DEPTH_MAX) {
		err_set(&x->bad, E_CODEC_XLSX_XML, "part=%s\nbyte=%llu\ntext=more than %d levels", x->part,
			(unsigned long long)xlsx_xml_byte(x), DEPTH_MAX);
		xlsx_xml_stop(x);
		return;
	}
	x->starts(x, without_prefix(name), attributes);
}

static void is_over(void *arg, const XML_Char *name)
{
	struct xlsx_xml *x = arg;

	if (x->bad.id != E_NONE)
		return;
	x->depth--;
	if (x->ends)
		x->ends(x, without_prefix(name));
}

static void declaration(void *arg, const XML_Char *version, const XML_Char *encoding, int standalone)
{
	struct xlsx_xml *x = arg;

	(void)version;
	(void)standalone;
	if (!encoding || strncasecmp(encoding, "utf-8", 6) == 0 || strncasecmp(encoding, "utf-16", 6) == 0)
		return;
	err_set(&x->bad, E_CODEC_XLSX_XML, "part=%s\nbyte=0\ntext=%.40s", x->part, encoding);
	xlsx_xml_stop(x);
}

void xlsx_xml_init(struct xlsx_xml *x, const char *part,
	void (*starts)(struct xlsx_xml *x, const char *name, const char **attributes),
	void (*ends)(struct xlsx_xml *x, const char *name))
{
	*x = (struct xlsx_xml){.parser = XML_ParserCreate(NULL), .part = part, .starts = starts, .ends = ends, .bad = ERR_INIT};
	if (!x->parser)
		abort();
	XML_SetUserData(x->parser, x);
	XML_SetStartDoctypeDeclHandler(x->parser, doctype);
	XML_SetXmlDeclHandler(x->parser, declaration);
	XML_SetElementHandler(x->parser, begins, is_over);
}

void xlsx_xml_done(struct xlsx_xml *x)
{
	if (x->parser)
		XML_ParserFree(x->parser);
	x->parser = NULL;
}

void xlsx_xml_stop(struct xlsx_xml *x)
{
	XML_StopParser(x->parser, XML_FALSE);
}

uint64_t xlsx_xml_byte(const struct xlsx_xml *x)
{
	const XML_Index at = XML_GetCurrentByteIndex(x->parser);

	return at < 0 ? 0 : (uint64_t)at + (x->gap && (uint64_t)at >= x->gap_at ? x->gap : 0);
}

static int result(struct xlsx_xml *x, enum XML_Status got, struct err *e)
{
	const XML_Index at = XML_GetCurrentByteIndex(x->parser);

	if (x->bad.id != E_NONE) {
		*e = x->bad;
		return -1;
	}
	if (got == XML_STATUS_ERROR && XML_GetErrorCode(x->parser) == XML_ERROR_NO_MEMORY)
		abort();
	if (got == XML_STATUS_ERROR)
		return err_set(e, E_CODEC_XLSX_XML, "part=%s\nbyte=%llu\ntext=%s", x->part,
			(unsigned long long)xlsx_xml_byte(x), XML_ErrorString(XML_GetErrorCode(x->parser)));
	if (got == XML_STATUS_SUSPENDED)
		return 1;
	if (at >= 0 && x->fed - (uint64_t)at > TOKEN_MAX)
		return err_set(e, E_CODEC_XLSX_XML, "part=%s\nbyte=%llu\ntext=no end within 1 MiB", x->part,
			(unsigned long long)xlsx_xml_byte(x));
	return 0;
}

int xlsx_xml_feed(struct xlsx_xml *x, const char *p, size_t n, bool last, struct err *e)
{
	int ret;

	do {
		const size_t piece = n < PIECE ? n : PIECE;

		x->fed += piece;
		ret = result(x, XML_Parse(x->parser, p, (int)piece, last && piece == n), e);
		p += piece;
		n -= piece;
	} while (ret == 0 && n);
	return ret;
}

int xlsx_xml_resume(struct xlsx_xml *x, struct err *e)
{
	return result(x, XML_ResumeParser(x->parser), e);
}

const char *xlsx_xml_value(const char **attributes, const char *name, bool prefixed)
{
	for (; *attributes; attributes += 2) {
		const bool colon = strchr(attributes[0], ':');

		if (colon == prefixed && strcmp(without_prefix(attributes[0]), name) == 0)
			return attributes[1];
	}
	return NULL;
}
