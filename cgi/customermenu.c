/* The page customermenu as a program. */
#include "main.h"

int main(int argc, char **argv)
{
	return main_run(&page_customermenu, argc, argv);
}
