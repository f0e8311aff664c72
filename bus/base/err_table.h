/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every error of the program: ROW(id, name, kind, exit, what happened en, zh, what to do en, zh). Sorted by name
 * within a group. {file} and the like are arguments of err_set. No include guard: it is read several times.
 *
 * Exit codes: 1 findings or something waits for a person, 2 usage, 3 configuration, 4 something remote is away,
 * 5 refused by policy, 6 stopped itself, a restart is the recovery, 7 fenced.
 */

/* program */
ROW(E_USAGE, "usage", ERR_CONF, 2, "{what}", "{what}", "see: jincai help", "请看：jincai help")

/* text, money, digests */
ROW(E_MONEY_DECIMALS, "money.decimals", ERR_DATA, 1,
	"the amount \"{text}\" does not have {want} decimals; it was not rounded and not used",
	"金额“{text}”的小数位数应为 {want} 位，未作舍入，也未采用",
	"have the source write the amount again, or correct the decimals in the dialect",
	"请来源单位重新出具金额，或更正接口方言中的小数位数")
ROW(E_MONEY_EMPTY, "money.empty", ERR_DATA, 1,
	"the amount is empty; it was not taken for zero", "金额为空，未按零处理",
	"have the source fill in the amount, or declare in the dialect what an empty amount means",
	"请来源单位补填金额，或在接口方言中写明空金额的含义")
ROW(E_MONEY_RANGE, "money.range", ERR_DATA, 1,
	"the amount or sum \"{text}\" is larger than 92233720368547758.07; nothing was added",
	"金额或合计“{text}”超出 92233720368547758.07，未计入",
	"check whether two columns ran together in the source's file",
	"请核对来源文件中是否有两栏数字连在一起")
ROW(E_MONEY_SYNTAX, "money.syntax", ERR_DATA, 1,
	"\"{text}\" is not an amount as the dialect declares it (character {at}); it was not used",
	"“{text}”不是接口方言所规定的金额写法（第 {at} 个字符），未采用",
	"compare with the amount format in the dialect: sign, point, thousands commas, full-width digits",
	"请对照接口方言中的金额格式：正负号、小数点、千分位逗号、全角数字")
ROW(E_TEXT_HALF, "text.half", ERR_DATA, 1,
	"the text ends in half a {charset} character ({hex} at byte {byte}); nothing was guessed or cut off",
	"文本末尾是半个 {charset} 字符（字节偏移 {byte} 处的 {hex}），未猜测也未截去",
	"compare the field's width with the source's layout; if the source cuts so, declare it in the dialect",
	"请核对该栏宽度与来源的文件格式；若来源系统确是如此截断，请在接口方言中写明")
ROW(E_TEXT_INVALID, "text.invalid", ERR_DATA, 1,
	"the bytes {hex} at byte {byte} are not {charset}; the text was not read",
	"字节偏移 {byte} 处的 {hex} 不是 {charset} 编码，该文本未读入",
	"find out which charset the source really writes and declare that one in the dialect",
	"请查明来源系统实际使用的字符集，并在接口方言中据实写明")
ROW(E_TEXT_NO_SUCH_CHARACTER, "text.no_such_character", ERR_DATA, 1,
	"the receiver's charset {charset} has no character {char}; nothing was written in its place",
	"接收方字符集 {charset} 中没有“{char}”这个字，未用别的字代替",
	"agree with the receiver on gb18030, or on how this name is to be written",
	"请与接收方商定改用 gb18030，或商定该姓名的写法")
ROW(E_TEXT_NUL, "text.nul", ERR_DATA, 1,
	"the text holds a NUL byte at byte {byte}; it was not read",
	"文本在字节偏移 {byte} 处有空字节（00），该文本未读入",
	"check that the file is text and not UTF-16 or damaged; have the source send it again",
	"请核对文件是否为文本、是否为 UTF-16 或已损坏，并请来源单位重新报送")
ROW(E_TEXT_UNASSIGNED, "text.unassigned", ERR_DATA, 1,
	"the code {hex} at byte {byte} has no character in {charset}; nothing was put in its place",
	"字节偏移 {byte} 处的编码 {hex} 在 {charset} 中没有对应的字，未用别的字代替",
	"if the source writes newer characters, declare gb18030; otherwise ask it which character is meant",
	"若来源系统使用新增汉字，请在接口方言中改为 gb18030；否则请向来源单位问明是哪个字")

/* json */
ROW(E_JSON_DEPTH, "json.depth", ERR_DATA, 1,
	"the JSON text is nested deeper than 32 levels at byte {at}; nothing of it was used",
	"JSON 文本在第 {at} 字节处嵌套超过 32 层；其内容一概未采用",
	"ask the sender for a flatter form, or look whether the text was wrapped again and again",
	"请对方减少嵌套层次，或检查报文是否被反复套封")
ROW(E_JSON_STRING, "json.string", ERR_DATA, 1,
	"a string has an escape at its byte {at} that stands for no character we take (\\u0000 or half a pair); the text was not used",
	"字符串第 {at} 字节处的转义不是可接受的字符（\\u0000 或不成对的代理码）；该文本未采用",
	"ask the sender to correct the text; such escapes come from cutting a text in the middle of a character",
	"请对方更正该文本；这类转义多因把一个字从中间截断所致")
ROW(E_JSON_SYNTAX, "json.syntax", ERR_DATA, 1,
	"the text is not JSON: it breaks the grammar at byte {at}; nothing of it was used",
	"文本不是合法的 JSON：第 {at} 字节处不合语法；其内容一概未采用",
	"look at the text around that byte: it may be cut off, or it is no JSON at all; ask the sender to send it again",
	"请查看该字节前后的内容：可能是报文不完整，也可能根本不是 JSON；请对方重新发送")
ROW(E_JSON_UTF8, "json.utf8", ERR_DATA, 1,
	"the JSON text is not UTF-8 at byte {at}; nothing of it was used",
	"JSON 文本第 {at} 字节处不是 UTF-8 编码；其内容一概未采用",
	"the sender probably writes GBK: JSON has to be UTF-8, ask for that",
	"对方很可能使用了 GBK 编码：JSON 必须是 UTF-8，请对方改用 UTF-8 发送")

/* configuration */
ROW(E_CONF_CHOICE, "conf.choice", ERR_CONF, 3,
	"{key}: {got} is none of the words that may stand here",
	"{key}：此处不能写 {got}",
	"write one of {words}; the nearest is: {near}",
	"请写其中之一：{words}；最接近的是：{near}")
ROW(E_CONF_CONTROL, "conf.control", ERR_CONF, 3,
	"a control character (hex {hex}) stands here; the file was not read further",
	"此处有控制字符（十六进制 {hex}），其后的内容没有读取",
	"delete the character; perhaps this is no text file",
	"请删除该字符；也可能这不是文本文件")
ROW(E_CONF_DEPTH, "conf.too_deep", ERR_CONF, 3,
	"more than {max} levels stand within each other; the file was not read further",
	"嵌套超过 {max} 层，其后的内容没有读取",
	"check the brackets and the indentation before this place",
	"请检查此处之前的括号和缩进")
ROW(E_CONF_DOCUMENTS, "conf.documents", ERR_CONF, 3,
	"a second document begins here; a file holds one",
	"此处开始了第二个文档，一个文件只能有一个文档",
	"put what follows --- into a file of its own, or delete the line",
	"请把 --- 之后的内容另存为一个文件，或删除这一行")
ROW(E_CONF_DUPLICATE_KEY, "conf.duplicate_key", ERR_CONF, 3,
	"{key} stands twice: first in line {first}",
	"{key} 重复，第一次出现在第 {first} 行",
	"keep one of the two",
	"请只保留一处")
ROW(E_CONF_EMPTY, "conf.empty", ERR_CONF, 3,
	"the file holds nothing but blanks and comments",
	"文件中只有空白或注释，没有内容",
	"perhaps it was not saved, or copied while it was empty; put the right file there",
	"可能没有保存，或复制时还是空文件；请放入正确的文件")
ROW(E_CONF_KEY, "conf.key", ERR_CONF, 3,
	"a list or a mapping stands where a name must stand; the file was not read further",
	"此处应为名称，却是列表或映射，其后的内容没有读取",
	"write name: value; put text that begins with a bracket or ? in quotes",
	"请写成 key: value 的形式；以括号或 ? 开头的文字请加引号")
ROW(E_CONF_MISSING, "conf.missing", ERR_CONF, 3,
	"{key} is missing here",
	"此处缺少 {key}",
	"add the line {key}: ...",
	"请补上一行 {key}: ……")
ROW(E_CONF_NOT_UTF8, "conf.not_utf8", ERR_CONF, 3,
	"the file is not UTF-8: byte {hex} begins no character; nothing of it was used",
	"文件不是 UTF-8 编码：字节 {hex} 不能组成字符，文件内容均未采用",
	"save the file as UTF-8 (it may be GBK or UTF-16 now) and check again",
	"请将文件另存为 UTF-8 编码（现在可能是 GBK 或 UTF-16），再检查一次")
ROW(E_CONF_NUMBER, "conf.number", ERR_CONF, 3,
	"{key}: {got} is no whole number from {min} to {max}",
	"{key}：{got} 不是 {min} 到 {max} 之间的整数",
	"write digits only, without units, commas or decimals",
	"请只写数字，不带单位、逗号或小数")
ROW(E_CONF_REFERENCE, "conf.reference", ERR_CONF, 3,
	"{what}: anchors, aliases, tags and merge keys are not read here",
	"{what}：配置中不支持锚点、引用、标签和合并键",
	"write the value out; put text that begins with & * or ! in quotes",
	"请把值完整写出；以 &、* 或 ! 开头的文字请加引号")
ROW(E_CONF_SYNTAX, "conf.syntax", ERR_CONF, 3,
	"this is not valid YAML or JSON ({why}); nothing of the file was used",
	"此处不是有效的 YAML 或 JSON（{why}），文件内容均未采用",
	"check this line and the one before: indentation by blanks and never tabs, closed quotes and brackets, a blank after the colon",
	"请检查本行和上一行：缩进用空格而不用制表符，引号和括号成对，冒号后留一个空格")
ROW(E_CONF_TOO_LARGE, "conf.too_large", ERR_CONF, 3,
	"the file is larger than {max}; it was not read",
	"文件超过 {max}，没有读取",
	"check that it is the right file; split a long table into several",
	"请确认是否放错文件；很长的对照表请拆成几个文件")
ROW(E_CONF_TYPE, "conf.type", ERR_CONF, 3,
	"{key} must have the form {want}, here it has the form {got}",
	"{key} 应写成 {want} 的形式，这里是 {got} 的形式",
	"write the value in the form {want}; see the reference of this file",
	"请按 {want} 的形式书写；可对照该文件的参考说明")
ROW(E_CONF_UNKNOWN_KEY, "conf.unknown_key", ERR_CONF, 3,
	"{key} is not known here",
	"此处没有 {key} 这一项",
	"the nearest name is: {near}; known here: {known}",
	"最接近的名称是：{near}；此处可用：{known}")
ROW(E_CONF_UNREADABLE, "conf.unreadable", ERR_CONF, 3,
	"{file} cannot be read: {why}",
	"无法读取 {file}：{why}",
	"check the path and that the program's user may read it",
	"请检查路径，以及运行本程序的用户是否有权读取")

/* files */
ROW(E_DISK_FAILED, "disk.failed", ERR_HALT, 6,
	"the disk did not confirm that {file} is stored ({why}); what was not confirmed does not count as done",
	"磁盘未能确认 {file} 已写入（{why}）；未经确认的内容不算完成",
	"look at the disk and the system log; after the restart the open work is done again from the last confirmed state",
	"请检查磁盘和系统日志；重新启动后从最后一次确认的状态起重做未完成的工作")
ROW(E_DISK_FULL, "disk.full", ERR_RETRY, 4,
	"no space left to write {file} ({why}); nothing was lost and nothing was committed",
	"磁盘空间不足，无法写入 {file}（{why}）；没有丢失数据，也没有提交任何内容",
	"free space; it goes on by itself",
	"请腾出磁盘空间；之后会自动继续")
ROW(E_FILE_DENIED, "file.denied", ERR_CONF, 3,
	"access to {file} is denied ({why}); nothing was changed",
	"无权访问 {file}（{why}）；未做任何改动",
	"give the account that runs jincai access to the file and its folder, or name another place",
	"请为运行 jincai 的账户授予该文件及其所在文件夹的权限，或改用其他位置")
ROW(E_FILE_EXISTS, "file.exists", ERR_CONF, 3,
	"{file} is there already and was not replaced",
	"{file} 已经存在，未被覆盖",
	"find out who wrote it; move it away, then go on",
	"请查明该文件由谁写入；将其移走后再继续")
ROW(E_FILE_FAILED, "file.failed", ERR_CONF, 3,
	"{file} cannot be used: {why}; the step was not carried out",
	"无法使用 {file}：{why}；该步骤未执行",
	"remove the reason that is named, then start again",
	"请排除所述原因后重新启动")
ROW(E_FILE_LINK, "file.link", ERR_CONF, 3,
	"{file} is a symbolic link where none is followed; nothing behind it was touched",
	"{file} 是符号链接，此处不跟随链接；链接所指内容未被触动",
	"name the real place instead of the link",
	"请填写真实路径，不要使用链接")
ROW(E_FILE_MISSING, "file.missing", ERR_CONF, 3,
	"{file} does not exist",
	"{file} 不存在",
	"check the name and the folder; names differ in upper and lower case",
	"请核对名称和所在文件夹；名称区分大小写")
ROW(E_FILE_NOT_REGULAR, "file.not_regular", ERR_CONF, 3,
	"{file} is no ordinary file (a folder, a pipe or a device); it was not read",
	"{file} 不是普通文件（是文件夹、管道或设备）；未读取",
	"name an ordinary file",
	"请指定一个普通文件")
ROW(E_FILE_OTHER_DEVICE, "file.other_device", ERR_CONF, 3,
	"{file} lies on another file system, a move to there is not one step; nothing was moved",
	"{file} 位于另一个文件系统，无法一步移动到位；未移动任何内容",
	"put both folders on the same file system",
	"请将两个文件夹放在同一个文件系统上")
ROW(E_FILE_TOO_LARGE, "file.too_large", ERR_CONF, 3,
	"{file} is larger than the {max} bytes that are allowed here; it was not used",
	"{file} 超过此处允许的 {max} 字节；未采用",
	"check that it is the right file; split it when it is",
	"请核对是否为正确的文件；如无误，请拆分")

/* schemas and code tables */

/* bus and store */
ROW(E_EVENT_ATTRIBUTE, "event.attribute", ERR_DATA, 1,
	"the event's attribute \"{name}\" is missing or not as it should be; the event was not used",
	"事件的属性“{name}”缺失或不合规定；该事件未被采用",
	"ask whoever writes these events to correct the attribute (CloudEvents 1.0, structured JSON)",
	"请写入这类事件的一方更正该属性（CloudEvents 1.0 结构化 JSON 格式）")
ROW(E_EVENT_SYNTAX, "event.syntax", ERR_DATA, 1,
	"the text is no event as a JSON object (byte {at}); it was not used",
	"该文本不是 JSON 对象形式的事件（第 {at} 字节）；未被采用",
	"find out who writes to this topic: only events belong on it (CloudEvents 1.0, structured JSON)",
	"请查明是谁在向该主题写入：此处只应写入事件（CloudEvents 1.0 结构化 JSON 格式）")

/* lanes and flows */

/* language: expressions and mappings */

/* codecs and forms */

/* claims, batches */

/* router, destinations, parcels */
