/* The page boot as a program. */
#include "main.h"

#include "arming_directory.h"
#include "arming_server.h"

int main(int argc, char **argv)
{
	static const struct arming_kinds kinds = {
		.directory = &arming_directory,
		.server = ARMING_SERVER,
	};

	return main_run_with(&kinds, &page_boot, argc, argv);
}
