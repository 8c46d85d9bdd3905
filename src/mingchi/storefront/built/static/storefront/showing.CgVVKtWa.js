import{o,L as a}from"./index-D9IC-pgs.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
