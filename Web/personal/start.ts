// The channel's first module: asks for the session and for the first page's data while the rest is still on its way.

import { begin } from '../lib/start';

begin('personal', { '/': ['/customer-portal/dashboard'] });
void import('./main');
