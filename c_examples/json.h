/*
 * Just enough JSON for an object with one string. The string isn't decoded: it is stored with its quotes, as
 * the client wrote it, and can be sent to others like that.
 */
#ifndef JSON_H
#define JSON_H

#include <stdlib.h>
#include <string.h>

/* The length of the UTF-8 character at `text`; 0 if there is none (RFC 3629). */
static inline int json_character_length(const char *text)
{
    const unsigned char *s = (const unsigned char *) text;
    int length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

    for (int i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates, code points above the last one. */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90)
        || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

/* The byte after the JSON string at `at`; NULL if there is none (RFC 8259, 7). */
static inline const char *json_string_end(const char *at)
{
    if (*at++ != '"')
        return NULL;
    while (*at != '"') {
        int length = (unsigned char) *at < ' ' ? 0 : json_character_length(at);

        if (*at == '\\' && at[1] == 'u')
            length = strspn(at + 2, "0123456789abcdefABCDEF") >= 4 ? 6 : 0;
        else if (*at == '\\')
            length = at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? 2 : 0;
        if (length == 0)
            return NULL;
        at += length;
    }
    return at + 1;
}

/* The byte after this token and the blanks around it; NULL if there is something else. */
static inline const char *json_behind(const char *at, const char *token)
{
    static const char blanks[] = " \t\r\n";
    size_t length = strlen(token);

    if (at == NULL)
        return NULL;
    at += strspn(at, blanks);
    if (strncmp(at, token, length) != 0)
        return NULL;
    at += length;
    return at + strspn(at, blanks);
}

/* Returns a copy of the string, with its quotes, of an object with only this member; NULL for anything
 * else, or if memory is out. `name` includes its quotes, and a NUL follows the body. */
static inline char *json_member(const char *body, size_t length, const char *name)
{
    const char *string = json_behind(json_behind(json_behind(body, "{"), name), ":");
    const char *end = string != NULL ? json_string_end(string) : NULL;

    /* A NUL inside the body would end it too early. */
    if (end == NULL || json_behind(end, "}") != body + length)
        return NULL;
    return strndup(string, (size_t) (end - string));
}

#endif
