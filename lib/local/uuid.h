/*
 * Random identifiers (RFC 4122 version 4), as text and as the base64 bytes of
 * a status's uuid.
 */
#ifndef RM_LOCAL_UUID_H
#define RM_LOCAL_UUID_H

#define RM_UUID_SIZE 37 /* of the text, with its NUL */

void rm_uuid_text(char text[RM_UUID_SIZE]);
/* 24 characters of base64; the caller's. */
char *rm_uuid_bytes(void);

#endif
