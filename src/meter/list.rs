//! A bounded list of what is heard on the network, which anybody can fill with made-up telegrams.
//!
//! Owns who makes room for whom. What has been heard once is on probation: the next newcomer may take its
//! place. What has been heard twice keeps its place until it has been silent for [`REPLACED_AFTER`]. So
//! made-up identifiers never push out a real meter, and occupy its place for a limited time only.

use super::{Moment, REPLACED_AFTER};

/// The most members. Homes have one or two meters; a house of flats on one network has a few more.
pub(crate) const MAX_METERS: usize = 16;

/// At most [`MAX_METERS`] of what is heard, in the order in which they were first heard.
#[derive(Clone, Debug)]
pub(crate) struct List<K, T, M> {
    members: Vec<Member<K, T, M>>,
    /// The member that never makes room.
    kept: Option<K>,
    /// Whether somebody has been turned away since the last newcomer.
    is_full: bool,
}

/// One that has a place.
#[derive(Clone, Debug)]
pub(crate) struct Member<K, T, M> {
    /// What tells it from others.
    pub key: K,
    /// What the program knows of it.
    pub state: T,
    /// When it was heard last.
    pub heard: M,
    /// How many telegrams have been heard of it.
    pub telegrams: u64,
}

/// All places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// True for the first one that is turned away, so that the caller logs it once.
    pub is_news: bool,
}

impl<K, T, M> Default for List<K, T, M> {
    fn default() -> Self {
        Self { members: Vec::new(), kept: None, is_full: false }
    }
}

impl<K, T, M> Member<K, T, M> {
    /// Whether it was heard at least twice. A single telegram may be made up, or damaged: whatever
    /// outlasts the program, such as an announcement, waits for the second one.
    pub fn is_confirmed(&self) -> bool {
        self.telegrams > 1
    }
}

impl<K: PartialEq, T, M: Moment> List<K, T, M> {
    /// Counts a telegram and gives its member, which `new` makes at the first one.
    pub fn hear<Q>(
        &mut self,
        key: &Q,
        now: M,
        new: impl FnOnce() -> T,
    ) -> Result<&mut Member<K, T, M>, Full>
    where
        Q: PartialEq<K> + ToOwned<Owned = K> + ?Sized,
    {
        let at = match self.members.iter().position(|member| *key == member.key) {
            Some(at) => at,
            None => {
                self.admit(Member { key: key.to_owned(), state: new(), heard: now, telegrams: 0 })?
            }
        };
        let member = &mut self.members[at];
        member.heard = now;
        member.telegrams += 1;
        Ok(member)
    }

    fn admit(&mut self, newcomer: Member<K, T, M>) -> Result<usize, Full> {
        if self.members.len() == MAX_METERS {
            let now = newcomer.heard;
            let may_go = |member: &Member<K, T, M>| {
                let is_idle = now.since(member.heard) >= REPLACED_AFTER;
                (is_idle || !member.is_confirmed()) && Some(&member.key) != self.kept.as_ref()
            };
            let candidates = self.members.iter().enumerate().filter(|(_, member)| may_go(member));
            let Some((at, _)) = candidates.min_by_key(|(_, member)| member.heard) else {
                return Err(Full { is_news: !std::mem::replace(&mut self.is_full, true) });
            };
            self.members.remove(at);
        }
        self.is_full = false;
        self.members.push(newcomer);
        Ok(self.members.len() - 1)
    }

    /// Keeps the member of this key, such as the one on the screen, however long it is silent.
    #[cfg_attr(
        not(any(feature = "dashboard", test)),
        expect(dead_code, reason = "only p1dashboard asks")
    )]
    pub fn keep(&mut self, key: K) {
        self.kept = Some(key);
    }

    /// The member of this key.
    pub fn get<Q: PartialEq<K> + ?Sized>(&self, key: &Q) -> Option<&Member<K, T, M>> {
        self.iter().find(|member| *key == member.key)
    }

    /// The same, to be changed.
    pub fn get_mut<Q: PartialEq<K> + ?Sized>(&mut self, key: &Q) -> Option<&mut Member<K, T, M>> {
        self.iter_mut().find(|member| *key == member.key)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// All of them, in the order in which they were first heard.
    pub fn iter(&self) -> std::slice::Iter<'_, Member<K, T, M>> {
        self.members.iter()
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Member<K, T, M>> {
        self.members.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::Timestamp;

    type Names = List<String, (), Timestamp>;

    fn hear(list: &mut Names, second: i64, name: &str) -> Result<u64, Full> {
        let now = Timestamp::from_seconds(second);
        list.hear(name, now, || ()).map(|member| member.telegrams)
    }

    /// A list with as many members as it takes, each heard so often.
    fn full(times: u64) -> Names {
        let mut list = Names::default();
        for number in 0..MAX_METERS {
            for time in 1..=times {
                assert_eq!(hear(&mut list, 0, &format!("m{number}")), Ok(time));
            }
        }
        list
    }

    #[test]
    fn made_up_names_never_push_out_one_that_speaks() {
        let mut list = Names::default();
        hear(&mut list, 0, "real").unwrap();
        for second in 0..1000 {
            hear(&mut list, second, "real").unwrap();
            for number in 0..100 {
                let _ = hear(&mut list, second, &format!("made up {second} {number}"));
                let _ = hear(&mut list, second, &format!("made up {second} {number}"));
            }
        }
        assert_eq!(list.get("real").map(|member| member.telegrams), Some(1001));
        assert_eq!(list.len(), MAX_METERS);
    }

    #[test]
    fn one_that_was_heard_once_makes_room_for_the_next() {
        let mut list = full(1);
        assert_eq!(hear(&mut list, 1, "real"), Ok(1));
        assert!(list.get("m0").is_none() && list.get("m1").is_some());
    }

    #[test]
    fn one_that_was_heard_twice_makes_room_after_ten_minutes_the_longest_silent_first() {
        let mut list = full(2);
        hear(&mut list, 1, "m0").unwrap();
        assert_eq!(hear(&mut list, 599, "real"), Err(Full { is_news: true }));
        assert_eq!(hear(&mut list, 599, "real"), Err(Full { is_news: false }));
        assert_eq!(hear(&mut list, 600, "real"), Ok(1));
        assert!(list.get("m0").is_some() && list.get("m1").is_none());
        assert_eq!(list.len(), MAX_METERS);
    }

    #[test]
    fn the_one_that_is_kept_never_makes_room() {
        let mut list = full(1);
        list.keep("m0".to_owned());
        for number in 0..1000 {
            hear(&mut list, 9000 + number, &format!("n{number}")).unwrap();
        }
        assert!(list.get("m0").is_some());
        let names: Vec<_> = list.iter().map(|member| member.key.as_str()).collect();
        assert_eq!(names[..2], ["m0", "n985"]);
    }
}
