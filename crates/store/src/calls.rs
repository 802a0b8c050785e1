//! What the public calls do in which state of the transaction.

use crate::error::Error;
use crate::pager::{Pager, State};
use crate::storage::{Durability, Ticket};

impl Pager {
    /// The pager, unless its state forbids even reading.
    pub(crate) fn ready(&mut self) -> Result<&mut Pager, Error> {
        match self.state {
            State::Poisoned => Err(Error::poisoned()),
            State::Failed => Err(Error::rollback_required()),
            State::Idle | State::Open => Ok(self),
        }
    }

    /// Makes a change inside the open transaction, which has failed if the change does midway.
    pub(crate) fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Pager) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.opened()?;
        let result = change(self);
        if let Err(error) = &result {
            self.fail(error);
        }
        result
    }

    fn opened(&mut self) -> Result<&mut Pager, Error> {
        let pager = self.ready()?;
        match pager.state {
            State::Open => Ok(pager),
            _ => Err(Error::usage("no transaction is open")),
        }
    }

    #[cold]
    fn fail(&mut self, error: &Error) {
        if error.is_usage() || error.is_too_large() {
            return;
        }
        self.state = State::Failed;
        if error.is_poisoned() {
            self.rollback();
            self.state = State::Poisoned;
        }
    }

    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        let pager = self.ready()?;
        if pager.state != State::Idle {
            return Err(Error::usage("a transaction is open already"));
        }
        pager.start();
        Ok(())
    }

    /// Commits the open transaction.
    pub(crate) fn end(&mut self, durability: Durability) -> Result<Ticket, Error> {
        let pager = self.opened()?;
        if pager.changed {
            return pager.commit(durability);
        }
        pager.rollback();
        pager.flush(durability)
    }

    /// Drops the open transaction, be it one that has failed.
    pub(crate) fn drop_changes(&mut self) -> Result<(), Error> {
        match self.state {
            State::Open | State::Failed => {
                self.rollback();
                Ok(())
            }
            State::Idle => Err(Error::usage("no transaction is open")),
            State::Poisoned => Err(Error::poisoned()),
        }
    }

    pub(crate) fn flush_idle(&mut self) -> Result<Ticket, Error> {
        let pager = self.ready()?;
        if pager.state != State::Idle {
            return Err(Error::usage("a transaction is open"));
        }
        pager.flush(Durability::Strict)
    }

    pub(crate) fn put_entry(&mut self, key: &[u8], value: &[u8]) -> Result<bool, Error> {
        self.change(|pager| {
            pager.check_sizes(key, value)?;
            pager.put(key, value)
        })
    }

    pub(crate) fn delete_entry(&mut self, key: &[u8]) -> Result<bool, Error> {
        self.change(|pager| pager.delete(key))
    }

    pub(crate) fn delete_entries(&mut self, low: &[u8], high: Option<&[u8]>) -> Result<u64, Error> {
        self.change(|pager| pager.delete_range(low, high))
    }
}
