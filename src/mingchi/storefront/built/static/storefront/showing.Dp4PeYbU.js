import{o,L as a}from"./index-ByUKe0xE.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
