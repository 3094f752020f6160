/* Gives installers their answers, and shows them to an administrator at a
 * shell. It answers no other page: this program alone may write. */
#include "main.h"

#include <stdlib.h>

#include "answering.h"
#include "arming_directory.h"
#include "arming_server.h"
#include "fastcgi.h"

int main(int argc, char **argv)
{
	static const struct arming_kinds kinds = {
		.directory = &arming_directory_writer,
		.server = ARMING_SERVER_WRITER,
	};

	if (getenv("GATEWAY_INTERFACE") != NULL || fastcgi_is_asked())
		return main_run_with(&kinds, &page_answering, argc, argv);
	return main_answer(argc, argv);
}
