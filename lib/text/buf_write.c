/* Apart from buf.c, so that programs that write no files have no write(). */
#include <errno.h>
#include <unistd.h>

#include "buf.h"

int buf_write(const struct buf *b, int fd)
{
	for (size_t done = 0; done < b->len;) {
		ssize_t got = write(fd, b->data + done, b->len - done);

		if (got < 0 && errno != EINTR)
			return -1;
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}
