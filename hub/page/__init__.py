"""The page: what a duty officer has open all day. Everything it loads comes from this machine."""
