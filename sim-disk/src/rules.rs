//! What a power failure may do to unsynced changes.

use sim_runtime::choice::Ratio;

/// The promises of a file system about changes that were not synced, and what a sync covers.
///
/// All rule sets share this: what a completed sync covers survives; a sector of 512 bytes survives as one
/// of the versions it had since the last sync of the file; a rename is one change, never half of it.
///
/// ```
/// use sim_disk::{FileSystem, Rules};
///
/// // The default lets a new file vanish until its directory is synced; ext4 does not.
/// assert!(!Rules::default().sync_of_a_file_syncs_names);
/// let disk = FileSystem::new(Rules::EXT4_ORDERED);
/// # let _ = disk;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Changes of names become durable in the order in which they were made, on the whole disk, and a sync
    /// of one makes all earlier ones durable. Otherwise changes of different names are independent.
    pub names_in_order: bool,
    /// A sync of a file also makes the changes of names before it durable. Otherwise the directory must be
    /// synced, as POSIX has it.
    pub sync_of_a_file_syncs_names: bool,
    /// A grown size is durable only together with the bytes written below it. Otherwise the new end may read as
    /// zeros.
    pub data_before_size: bool,
    /// A rename over an existing file is durable only together with the size that the renamed file had grown to, and
    /// so, with [`data_before_size`](Rules::data_before_size), with its new bytes.
    pub data_before_replacing: bool,
    /// How often a sector that is set back begins with bytes of its next version. Off by default: databases
    /// rely on whole sectors, and drives of the last decades promise them. The rates that the field
    /// reports are for old consumer drives (Zheng et al., "Understanding the robustness of SSDs under power
    /// fault", FAST 2013).
    pub torn_sectors: Ratio,
}

impl Rules {
    /// What POSIX.1-2024 promises and no more (`fsync`, `fdatasync`, `rename`): a program that is right under
    /// these rules is right on every file system modelled. The default.
    pub const STRICT_POSIX: Rules = Rules {
        names_in_order: false,
        sync_of_a_file_syncs_names: false,
        data_before_size: false,
        data_before_replacing: false,
        torn_sectors: Ratio::ZERO,
    };

    /// Like ext4 mounted with `data=ordered` and `auto_da_alloc`, the defaults of Linux: one journal of names,
    /// which every sync of a file commits; new bytes before the size that shows them. It allows some
    /// outcomes that ext4 does not, see "What is not simulated" in the crate's documentation.
    pub const EXT4_ORDERED: Rules = Rules {
        names_in_order: true,
        sync_of_a_file_syncs_names: true,
        data_before_size: true,
        data_before_replacing: true,
        torn_sectors: Ratio::ZERO,
    };

    /// With tears inside of sectors.
    pub const fn torn_sectors(self, ratio: Ratio) -> Rules {
        Rules { torn_sectors: ratio, ..self }
    }
}

impl Default for Rules {
    fn default() -> Rules {
        Rules::STRICT_POSIX
    }
}
