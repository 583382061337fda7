// What nearly every page of the channel uses. Every page reaches this list through its texts, so the bundler keeps all of it in two
// files, the shared one and the channel's, instead of one small file for each set of pages that use the same things. A phone on a slow
// line asks twice, not twenty times.

import '../lib/shared';
import '../ui/Banner';
import '../ui/Button';
import '../ui/Card';
import '../ui/DateText';
import '../ui/EmptyState';
import '../ui/Icon';
import '../ui/Menu';
import '../ui/MoneyText';
import '../ui/PageHeader';
import '../ui/Shell';
import '../ui/Skeleton';
import '../ui/Spinner';
import '../ui/Toast';
import './shared/LoadFailure';
import './shared/accounts';
import './shared/names';
import './shared/problems';
import './shared/transactions';
