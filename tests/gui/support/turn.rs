//! Who runs at a time: tests beside one another, but for those at the X server, which watch a window standing still.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Turns that are taken.
struct Taken {
    beside_count: usize,
    is_alone: bool,
}

static TAKEN: Mutex<Taken> = Mutex::new(Taken { beside_count: 0, is_alone: false });
static ENDED: Condvar = Condvar::new();

/// The turn of a test, which ends when this is dropped.
pub struct Turn {
    is_alone: bool,
}

impl Turn {
    /// Beside others. A test may take several, which a lock for readers and writers would not allow.
    pub fn beside_others() -> Self {
        taken_once(|taken| !taken.is_alone).beside_count += 1;
        Self { is_alone: false }
    }

    /// With all cores to itself, once every other test that has begun is over.
    pub fn alone() -> Self {
        taken_once(|taken| !taken.is_alone && taken.beside_count == 0).is_alone = true;
        Self { is_alone: true }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = taken_once(|_| true);
        if self.is_alone {
            taken.is_alone = false;
        } else {
            taken.beside_count -= 1;
        }
        ENDED.notify_all();
    }
}

/// Waits until `is_free`; a test that failed has ended its turn like any other.
fn taken_once(is_free: impl Fn(&Taken) -> bool) -> MutexGuard<'static, Taken> {
    let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    ENDED.wait_while(taken, |taken| !is_free(taken)).unwrap_or_else(PoisonError::into_inner)
}
