package storage

// AddChecksum appends to a token made elsewhere the checksum by which scanners tell it from noise.
func AddChecksum(body string) string { return body + checksum(body) }

// CutChecksum returns a token without its checksum, and whether that was right.
func CutChecksum(token string) (body string, ok bool) {
	if !ValidChecksum(token) {
		return "", false
	}
	return token[:len(token)-checkDigits], true
}
