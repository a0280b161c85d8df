//! Removes what a failure does not need.

/// Removes members of `items`, oldest first and in ever smaller runs, as long as what is left still `fails`. The
/// result fails, and unless `fails` gave up (returned false to save work) no single member of it can be removed.
pub(crate) fn minimize<T: Clone>(items: &mut Vec<T>, mut fails: impl FnMut(&[T]) -> bool) {
    let mut run = items.len().div_ceil(2);
    let mut rest = Vec::with_capacity(items.len());
    while run > 0 {
        let mut removed = false;
        let mut at = 0;
        while at < items.len() {
            let end = (at + run).min(items.len());
            rest.clear();
            rest.extend_from_slice(&items[..at]);
            rest.extend_from_slice(&items[end..]);
            if fails(&rest) {
                std::mem::swap(items, &mut rest);
                removed = true;
            } else {
                at = end;
            }
        }
        if run > 1 {
            run = run.div_ceil(2);
        } else if !removed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::minimize;

    #[test]
    fn only_what_is_needed_is_left() {
        let mut items: Vec<u32> = (0..1_000).collect();
        minimize(&mut items, |items| [17, 18, 900].iter().all(|needed| items.contains(needed)));
        assert_eq!(items, [17, 18, 900]);
    }
}
