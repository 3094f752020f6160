#ifndef FASTCGI_H
#define FASTCGI_H

#include "pages.h"
#include "site.h"

/* Whether the process was started as a FastCGI program: its standard input is
 * a listening socket.  To be called before any other function here. */
int fastcgi_is_asked(void);

/* Answer requests until SIGTERM or SIGUSR1.  own: as in main_run().  Returns
 * the exit status. */
int fastcgi_serve(struct site *site, const struct page *own);

#endif
